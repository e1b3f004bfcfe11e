"""For an author's unit tests on their own machine."""

from . import host
from .request import Caller, Request


def configure(key: str, value: str):
    """Sets what `config.get` answers; None takes a setting away."""
    if value is None:
        host.settings.pop(key, None)
    else:
        host.settings[key] = value


def request(route: str, hotkey: str = "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM", **changes) -> Request:
    """A synapse request for `route` from an unregistered caller without stake, at this moment, with 12 seconds to
    answer. Every field may be changed."""
    values = {"id": "test", "route": route, "target": f"/{route}", "caller": Caller(hotkey, ip="127.0.0.1")}
    values.update(content_type="application/json", received_ms=host.now_ms(), deadline_ms=12_000)
    return Request(**{**values, **changes})
