"""Secure randomness. The manifest has to want `random`; `random`, `secrets` and `uuid` of the standard library work
too then."""

from . import host

#: The most bytes that the host gives at once.
MOST = 65536


def bytes(count: int):
    """`count` random bytes, 0 or more."""
    if count < 0:
        raise ValueError("a number of bytes is not negative")
    pieces = []
    while count > 0:
        piece = host.random_bytes(min(count, MOST))
        count -= len(piece)
        pieces.append(piece)
    return b"".join(pieces)
