"""The miner of the benches on the real 10.5.0 axon, as shipped; prints `READY <port>`, stops when stdin ends."""

import argparse
import sys
from typing import Tuple

import miner_bench
import synapses_10 as synapses

from bittensor import Axon


def forward(synapse: synapses.TextGeneration) -> synapses.TextGeneration:
    synapse.generated_text = miner_bench.generate(synapse.prompt, synapse.max_tokens, synapse.temperature)
    synapse.model_name = miner_bench.MODEL
    return synapse


def main(arguments):
    denied = set(arguments.deny)
    stakes = {}

    def blacklist(synapse: synapses.TextGeneration) -> Tuple[bool, str]:
        return synapse.dendrite.hotkey in denied, "this hotkey is denied"

    def priority(synapse: synapses.TextGeneration) -> float:
        return stakes.get(synapse.dendrite.hotkey, 0.0)

    port = miner_bench.free_port()
    axon = Axon(wallet=synapses.open_wallet(arguments), port=port, ip="127.0.0.1", external_ip="127.0.0.1")
    axon.attach(forward_fn=forward, blacklist_fn=blacklist, priority_fn=priority)
    axon.start()
    miner_bench.announce(port)
    sys.stdin.read()
    axon.stop()


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--deny", action="append", default=[])
synapses.wallet_arguments(parser)
main(parser.parse_args())
