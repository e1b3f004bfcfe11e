"""The subnet's neurons, as of one block. The manifest has to want `metagraph`.

    def blacklist(request):
        neuron = bt.metagraph.by_hotkey(request.caller.hotkey)
        if neuron is None:
            return True, "not registered on this subnet"
        return neuron.stake < 1000, "stake below 1000"

The host settles the block when the request comes in: whatever hook asks, and however often, all of it is of that block.
There is none in an init function, and none when the host runs `--offline`; then everything here raises `NoMetagraph`. That is
an `Unavailable`: a forward that lets it pass answers "not now" (503), a blacklist and a verify deny, and a priority is 0.

For functions that were written for the Bittensor SDK `n`, `block`, `netuid`, `uids`, `hotkeys`, `coldkeys`, `S`, `E`, `C`,
`I`, `D`, `Tv`, `validator_permit`, `active` and `last_update` are there too: `metagraph.S[uid]`, `hotkey in
metagraph.hotkeys`, `metagraph.hotkeys.index(hotkey)`. A column is asked for by uid or by hotkey; each look is one call of
the host.
"""

import sys as _sys
from dataclasses import dataclass, fields as _fields_of
from types import ModuleType as _ModuleType
from typing import Iterator, Optional

from . import host


@dataclass(frozen=True)
class Subnet:
    """What is to be seen."""

    netuid: int
    #: The block that all of this is of.
    block: int
    #: How many uids there are: they run from 0 to this, without it.
    size: int
    #: The host's own; None when its hotkey is not registered.
    own_uid: Optional[int]


@dataclass(frozen=True)
class Neuron:
    """One neuron. Amounts are whole alpha or TAO, scores run from 0 to 1."""

    uid: int
    #: ss58 address (format 42), as the other one.
    hotkey: str
    coldkey: str
    #: As consensus counts it, in whole alpha: alpha and weighted TAO (the metagraph's S).
    stake: float
    #: The part of it that is alpha.
    alpha_stake: float
    #: TAO behind it, before it is weighted.
    tao_stake: float
    #: In whole alpha, for one tempo.
    emission: float
    consensus: float
    incentive: float
    dividends: float
    validator_trust: float
    #: Whether it may set weights for others.
    validator_permit: bool
    #: Whether it has set weights lately.
    active: bool
    #: Block of its last weights.
    last_update: int
    #: Where it serves, "address:port"; None when it serves nothing, or names an address that is not global.
    axon: Optional[str]


def current() -> Subnet:
    """The subnet, the block, how many neurons there are, and which is the host's own."""
    return _made(Subnet, host.metagraph("current"))


def by_uid(uid: int) -> Optional[Neuron]:
    """The neuron with this uid; None when there is no such uid."""
    return _made(Neuron, host.metagraph("by_uid", uid)) if 0 <= uid <= 65535 else None


def by_hotkey(hotkey: str) -> Optional[Neuron]:
    """The neuron with this hotkey (ss58); None when nobody is registered with it."""
    # A lone surrogate could not be asked for; no address has any other character than these.
    return _made(Neuron, host.metagraph("by_hotkey", hotkey if hotkey.isascii() else ""))


def neurons() -> Iterator[Neuron]:
    """All neurons, by uid. The host is asked for 256 at a time, as the loop goes on."""
    # The first page at once: whether there is a metagraph is known before the loop.
    return _from(host.metagraph("neurons", 0))


def _from(page):
    while page:
        for record in page:
            yield _made(Neuron, record)
        page = host.metagraph("neurons", record.uid + 1)


def _made(kind, record):
    """The host's record in the SDK's class."""
    return None if record is None else kind(*(getattr(record, field.name) for field in _fields_of(kind)))


class Column:
    """One value of all neurons, by uid or by hotkey. A hotkey that nobody is registered with has 0 of it."""

    def __init__(self, field, nothing):
        self._field = field
        self._nothing = nothing

    def __len__(self):
        return current().size

    def __iter__(self):
        return (getattr(neuron, self._field) for neuron in neurons())

    def __getitem__(self, key):
        if isinstance(key, str):
            neuron = by_hotkey(key)
            return self._nothing if neuron is None else getattr(neuron, self._field)
        # A uid may be an integer of any kind; a column has no place -1.
        neuron = by_uid(key.__index__())
        if neuron is None:
            raise IndexError(f"there is no uid {key}")
        return getattr(neuron, self._field)


class Hotkeys(Column):
    """The hotkeys, by uid. Looking for one does not go through all of them."""

    def __init__(self):
        super().__init__("hotkey", None)

    def __contains__(self, hotkey):
        return by_hotkey(hotkey) is not None

    def index(self, hotkey):
        """The uid of this hotkey."""
        neuron = by_hotkey(hotkey)
        if neuron is None:
            raise ValueError(f"{hotkey} is not registered")
        return neuron.uid


hotkeys = Hotkeys()
coldkeys = Column("coldkey", None)
S = Column("stake", 0.0)
E = Column("emission", 0.0)
C = Column("consensus", 0.0)
I = Column("incentive", 0.0)  # noqa: E741
D = Column("dividends", 0.0)
Tv = Column("validator_trust", 0.0)
validator_permit = Column("validator_permit", False)
active = Column("active", False)
last_update = Column("last_update", 0)


class _Metagraph(_ModuleType):
    """What is one number is an attribute and not a function, as in the Bittensor SDK."""

    @property
    def n(self) -> int:
        """How many neurons there are."""
        return current().size

    @property
    def uids(self) -> range:
        """All of them."""
        return range(current().size)

    @property
    def block(self) -> int:
        """The block that all of this is of."""
        return current().block

    @property
    def netuid(self) -> int:
        """The subnet."""
        return current().netuid

    @property
    def own_uid(self) -> Optional[int]:
        """The host's own uid; None when its hotkey is not registered."""
        return current().own_uid


_sys.modules[__name__].__class__ = _Metagraph
