"""The host's functions. Outside of a component (the author's unit tests) the machine's own stand in for them."""

import os
import sys
import time

from .failure import NoMetagraph, NotWanted

INSIDE = False
_log = _clock = _random = _config = _metagraph = None

try:
    from wit_world.imports import log as _log

    INSIDE = True
except ImportError:
    pass

if INSIDE:
    from componentize_py_types import Err as _Err

    # What the manifest does not want is not in the world that the component is built for.
    try:
        from wit_world.imports import clock as _clock
    except ImportError:
        pass
    try:
        from wit_world.imports import random as _random
    except ImportError:
        pass
    try:
        from wit_world.imports import config as _config
    except ImportError:
        pass
    try:
        from wit_world.imports import metagraph as _metagraph
    except ImportError:
        pass

LEVELS = ("trace", "debug", "info", "warn", "error")

#: Set by the first hook. Before it, at build time, a call of the host would end the build.
running = False

#: Settings of unit tests, see `testing.configure`.
settings = {}

#: The metagraph of unit tests, see `testing.register`: a `Subnet` and a list of neurons, or why there is none.
subnet = "offline"


def wanted(name):
    """Whether the plugin's manifest wants the import."""
    return {"clock": _clock, "random": _random, "config": _config, "metagraph": _metagraph}[name] is not None


def require(name, what):
    """Raises `NotWanted`, with the line to write, unless the import is there."""
    if not INSIDE or wanted(name):
        return
    names = sorted([known for known in ("clock", "config", "metagraph", "random") if wanted(known)] + [name])
    line = ", ".join(f'"{known}"' for known in names)
    raise NotWanted(
        f"{what} needs `{name}`: write `wants = [{line}]` into plugin.toml, and the operator has to add "
        f'"{name}" to `grant` of the slot in soma.toml'
    )


def _running(what):
    if INSIDE and not running:
        raise RuntimeError(f"{what} cannot be used while the plugin is built: call it inside of a hook")


def log(level, text):
    """One line in the host's log; `level` is one of LEVELS."""
    if not text.isascii():
        # A lone surrogate has no UTF-8 form and would end the plugin.
        text = text.encode("utf-8", "replace").decode("utf-8")
    if INSIDE and running:
        _log.log(getattr(_log.Level, level.upper()), text)
    else:
        print(f"{level}: {text}", file=sys.__stderr__)


def now_ms():
    """Milliseconds since 1970, UTC."""
    require("clock", "the time of day")
    if not INSIDE:
        return time.time() * 1000.0
    _running("the clock")
    return _clock.now_ms()


def random_bytes(count):
    """`count` bytes from the host's secure source, at most 65536."""
    require("random", "randomness")
    if not INSIDE:
        return os.urandom(count)
    _running("the source of randomness")
    return _random.bytes(count)


def setting(key):
    """The operator's setting; None when there is none."""
    require("config", "a setting")
    if not INSIDE:
        return settings.get(key)
    _running("the operator's settings")
    return _config.get(key)


def metagraph(function, *arguments):
    """One function of the contract's metagraph: its record, its list of them, or None. Raises `NoMetagraph`."""
    require("metagraph", "the metagraph")
    if not INSIDE:
        return getattr(_StandIn, function)(*arguments)
    _running("the metagraph")
    try:
        return getattr(_metagraph, function)(*arguments)
    except _Err as error:
        absence = error.value.name
    raise NoMetagraph(absence.lower().replace("_", "-"))


class _StandIn:
    """The metagraph of unit tests."""

    @staticmethod
    def _there():
        if isinstance(subnet, str):
            raise NoMetagraph(subnet)
        return subnet

    @classmethod
    def current(cls):
        return cls._there()[0]

    @classmethod
    def by_uid(cls, uid):
        return next((neuron for neuron in cls._there()[1] if neuron.uid == uid), None)

    @classmethod
    def by_hotkey(cls, hotkey):
        return next((neuron for neuron in cls._there()[1] if neuron.hotkey == hotkey), None)

    @classmethod
    def neurons(cls, start):
        # So many at once as the host hands over.
        return [neuron for neuron in cls._there()[1] if neuron.uid >= start][:256]
