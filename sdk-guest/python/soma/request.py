"""Who asks, and what is known about a request without its body."""

from dataclasses import dataclass, field
from typing import List, Optional, Tuple


@dataclass
class Caller:
    """Who is calling. The host has verified the signature; nothing here is taken from the body."""

    #: ss58 address (format 42) of the key that signed the request.
    hotkey: str
    #: Its uid on this subnet, 0 to 65535; None when the hotkey is not registered or the host runs offline.
    uid: Optional[int] = None
    #: Its stake on this subnet, in whole alpha; 0 when unknown.
    stake: float = 0.0
    #: Whether it may set weights for others. False when unknown.
    validator_permit: bool = False
    #: IP address of the peer as the host saw it, without port.
    ip: str = ""
    #: Whether the signature covers the body, of a synapse: its hash fields.
    body_bound: bool = False


@dataclass
class Terminal:
    """The caller in the words of the Bittensor SDK: `synapse.dendrite`."""

    #: ss58 address of the key that signed the request.
    hotkey: str
    #: IP address of the peer as the host saw it.
    ip: str


@dataclass
class Request:
    """What every hook of one request gets. `name`, `timeout` and `dendrite` are there for functions that were written
    for the Bittensor SDK."""

    #: Names this request in logs and error answers.
    id: str
    #: The route as the manifest names it; for a synapse its class name.
    route: str
    #: Path and query as they were sent.
    target: str
    caller: Caller
    #: "synapse" or "btauth".
    dialect: str = "synapse"
    #: `GET`, `POST`, ...
    method: str = "POST"
    #: Those headers that the manifest lists for this route, names in lower case.
    headers: List[Tuple[str, str]] = field(default_factory=list)
    #: Media type of the body, empty when the caller sent none.
    content_type: str = ""
    #: Length of the body in bytes, before the host filled in the schema's defaults.
    body_len: int = 0
    #: When the request arrived: milliseconds since 1970, UTC.
    received_ms: float = 0.0
    #: Milliseconds that are left until the host gives up.
    deadline_ms: int = 0

    @property
    def name(self) -> str:
        """The route."""
        return self.route

    @property
    def timeout(self) -> float:
        """Seconds that are left until the host gives up."""
        return self.deadline_ms / 1000.0

    @property
    def dendrite(self) -> Terminal:
        """The caller."""
        return Terminal(self.caller.hotkey, self.caller.ip)

    def header(self, name: str) -> Optional[str]:
        """The first header of this name, in lower case; None when it is not there or the manifest does not list it."""
        return next((value for known, value in self.headers if known == name), None)
