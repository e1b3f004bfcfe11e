"""The time of day. The manifest has to want `clock`; `time` and `datetime` of the standard library work too then."""

from . import host


def now_ms() -> float:
    """Milliseconds since 1970, UTC. The host may round it."""
    return host.now_ms()
