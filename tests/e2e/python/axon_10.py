"""Serves the test synapses with the real 10.5.0 axon; prints `READY <port>`, stops when stdin ends."""

import argparse
import socket
import sys
import time
from typing import Tuple

import edge_classes_10 as edge_classes
import ports
import synapses_10 as synapses

from bittensor import Axon

# How long the axon's own thread may take until it accepts connections, in seconds.
START_LIMIT = 60


def wait_until_listening(port):
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"the axon does not listen on port {port} after {START_LIMIT} s")


def generate_text(synapse: synapses.TextGeneration) -> synapses.TextGeneration:
    synapse.generated_text = f"{synapse.prompt}/{synapse.max_tokens}/{synapse.temperature}"
    synapse.model_name = "python-axon"
    return synapse


def hashed_text(synapse: synapses.HashedText) -> synapses.HashedText:
    synapse.output = synapse.prompt[::-1]
    return synapse


def main(arguments):
    denied = set(arguments.deny)

    def blacklist(synapse: synapses.TextGeneration) -> Tuple[bool, str]:
        return synapse.dendrite.hotkey in denied, "on the list of the test"

    port = ports.free_port()
    axon = Axon(wallet=synapses.open_wallet(arguments), port=port, ip="127.0.0.1", external_ip="127.0.0.1")
    axon.attach(forward_fn=generate_text, blacklist_fn=blacklist)
    axon.attach(forward_fn=hashed_text)
    edge_classes.attach(axon)
    axon.start()
    wait_until_listening(port)
    print(f"READY {port}", flush=True)
    sys.stdin.read()
    axon.stop()


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--deny", action="append", default=[])
synapses.wallet_arguments(parser)
main(parser.parse_args())
