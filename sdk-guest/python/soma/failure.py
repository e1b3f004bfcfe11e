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


class NoMetagraph(Unavailable):
    """There is no metagraph to look at. Nothing is wrong with the plugin or with the caller."""

    #: What an absence is, in words for the operator.
    WHY = {
        "offline": "the host runs without a chain (--offline)",
        "unread": "the host has no metagraph, or none that is fresh enough",
        "no-request": "there is no metagraph in an init function: it belongs to no request",
    }

    def __init__(self, absence: str):
        super().__init__("the metagraph is not there at the moment")
        #: "offline", "unread" or "no-request".
        self.absence = absence

    @property
    def why(self) -> str:
        """In words for the operator; the reason is for the caller."""
        return self.WHY.get(self.absence, self.absence)


class NotWanted(RuntimeError):
    """The plugin uses something of the host that its `plugin.toml` does not want."""
