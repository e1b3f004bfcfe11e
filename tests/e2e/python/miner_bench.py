"""The miner of the benches in Python: the same work, gate and order as the plugin in examples/text-miner-rust."""

import socket
import sys
import time

MODEL = "text-miner 0.1.0"
# How long a server may take until it accepts connections, in seconds.
START_LIMIT = 60


class NoWord(ValueError):
    """The prompt has no word in it."""


def generate(prompt, max_tokens, temperature):
    """The prompt's words in upper case, rotated by ten times the temperature, cut after `max_tokens` words."""
    words = [word.upper() for word in prompt.split()]
    if not words:
        raise NoWord("prompt: there is no word in it")
    shift = int(min(max(temperature, 0.0), 2.0) * 10.0) % len(words)
    return " ".join((words[shift:] + words[:shift])[:max_tokens])


def announce(port):
    """Prints `READY <port>` when somebody listens there."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            print(f"READY {port}", flush=True)
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nobody listens on port {port} after {START_LIMIT} s")
