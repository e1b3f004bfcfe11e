"""The miner of the benches on the real 10.5.0 axon, as shipped; prints `READY <port>`, stops when stdin ends."""

import argparse
import os
import sys
from typing import Optional, Tuple

import miner_bench
import ports

# The SDK would otherwise read this process's command line as its own. Its logging stays as it is shipped.
os.environ["BT_NO_PARSE_CLI_ARGS"] = "1"

from bittensor import Axon, Synapse, Wallet  # noqa: E402


class TextGeneration(Synapse):
    prompt: str
    max_tokens: int = 100
    temperature: float = 0.7
    generated_text: Optional[str] = None
    model_name: Optional[str] = None


def forward(synapse: TextGeneration) -> TextGeneration:
    synapse.generated_text = miner_bench.generate(synapse.prompt, synapse.max_tokens, synapse.temperature)
    synapse.model_name = miner_bench.MODEL
    return synapse


def main(arguments):
    denied = set(arguments.deny)
    stakes = {}

    def blacklist(synapse: TextGeneration) -> Tuple[bool, str]:
        return synapse.dendrite.hotkey in denied, "this hotkey is denied"

    def priority(synapse: TextGeneration) -> float:
        return stakes.get(synapse.dendrite.hotkey, 0.0)

    port = ports.free_port()
    wallet = Wallet(name=arguments.wallet_name, hotkey="default", path=arguments.wallet_path)
    axon = Axon(wallet=wallet, port=port, ip="127.0.0.1", external_ip="127.0.0.1")
    axon.attach(forward_fn=forward, blacklist_fn=blacklist, priority_fn=priority)
    axon.start()
    miner_bench.announce(port)
    sys.stdin.read()
    axon.stop()


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--deny", action="append", default=[])
parser.add_argument("--wallet-path", required=True)
parser.add_argument("--wallet-name", required=True)
main(parser.parse_args())
