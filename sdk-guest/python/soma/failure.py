"""How a function says no. The reason of these exceptions is sent to the caller (printable ASCII, at most 200 bytes
of it); every other exception is status 500, and what it says stays in the host's log."""


class Failure(Exception):
    """One of the three below."""

    def __init__(self, reason: str = ""):
        super().__init__(reason)
        self.reason = str(reason)


class Invalid(Failure):
    """What was asked makes no sense: status 422."""


class Refused(Failure):
    """Understood, but this caller does not get it: status 403. Raised by a verify function: status 401."""


class Unavailable(Failure):
    """Not now, for example because a model server is down: status 503."""


class NotWanted(RuntimeError):
    """The plugin uses something of the host that its `plugin.toml` does not want."""
