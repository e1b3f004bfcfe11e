from dataclasses import dataclass
from enum import Enum

from componentize_py_types import Err


class Absence(Enum):
    OFFLINE = 0
    UNREAD = 1
    NO_REQUEST = 2


@dataclass
class Subnet:
    netuid: int
    block: int
    size: int
    own_uid: object


@dataclass
class Neuron:
    uid: int
    hotkey: str
    coldkey: str
    stake: float
    alpha_stake: float
    tao_stake: float
    emission: float
    consensus: float
    incentive: float
    dividends: float
    validator_trust: float
    validator_permit: bool
    active: bool
    last_update: int
    axon: object


NEURONS = []
ABSENCE = [None]
PAGES = [0]


def there():
    if ABSENCE[0] is not None:
        raise Err(ABSENCE[0])


def current():
    there()
    return Subnet(7, 1234, len(NEURONS), 1)


def by_uid(uid):
    there()
    assert 0 <= uid <= 65535
    return NEURONS[uid] if uid < len(NEURONS) else None


def by_hotkey(hotkey):
    there()
    hotkey.encode("utf-8")
    return next((neuron for neuron in NEURONS if neuron.hotkey == hotkey), None)


def neurons(start):
    there()
    PAGES[0] += 1
    return NEURONS[start : start + 256]
