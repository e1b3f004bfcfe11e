"""Ports of loopback for the servers of the tests."""

import random
import socket

# Below the ports that the system gives to outgoing connections, of which some tests open thousands: one of those
# would take a port between the look and its use.
PORTS = range(10_000, 30_000)


def free_port():
    """A port that nobody listens on at the moment."""
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise OSError("a hundred ports are taken")
