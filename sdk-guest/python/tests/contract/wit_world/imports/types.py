from dataclasses import dataclass, field
from enum import Enum


class Dialect(Enum):
    SYNAPSE = 0
    BTAUTH = 1


@dataclass
class Caller:
    hotkey: str = "5F"
    uid: object = 7
    stake: float = 2.5
    validator_permit: bool = True
    ip: str = "192.0.2.1"
    body_bound: bool = False


@dataclass
class Request:
    id: str = "id"
    route: str = "Text"
    target: str = "/Text"
    caller: Caller = field(default_factory=Caller)
    dialect: Dialect = Dialect.SYNAPSE
    method: str = "POST"
    headers: list = field(default_factory=list)
    content_type: str = "application/json"
    body_len: int = 2
    received_ms: float = 1.0
    deadline_ms: int = 1500


@dataclass
class Reply:
    body: bytes
    content_type: object
    status: object


@dataclass
class Verdict_Allow:
    pass


@dataclass
class Verdict_Deny:
    value: str


@dataclass
class Failure_Invalid:
    value: str


@dataclass
class Failure_Refused:
    value: str


@dataclass
class Failure_Unavailable:
    value: str


@dataclass
class Failure_Internal:
    value: str
