"""The generators of `random` inside of a component: none starts with the same numbers in every instance, unless its author
gave it a seed.

Modules are imported when the plugin is built, and every instance starts with what they left in memory: also with the
generators that they made.
"""

import os
import random
import sys
import weakref

from . import host
from . import random as secure

#: Generators that were made at build time and given no seed, by their `id`: every instance would start with the same.
_unseeded = {}

_original_seed = random.Random.seed
_original_setstate = random.Random.setstate


def _fresh_seed():
    return int.from_bytes(secure.bytes(32), "little")


def install():
    """Before the author's module is imported."""
    original_urandom = os.urandom

    def urandom(size):
        return secure.bytes(size) if host.running else original_urandom(size)

    def seed(self, a=None, version=2):
        _allow(self)
        if a is None:
            # It would ask the system. At build time any seed will do: `begin` gives another one.
            a = int.from_bytes(urandom(32), "little")
            if not host.running:
                _unseeded[id(self)] = weakref.ref(self)
        _original_seed(self, a, version)

    def setstate(self, state):
        _allow(self)
        _original_setstate(self, state)

    random.Random.seed = seed
    random.Random.setstate = setstate
    for module in ("os", "posix"):
        if module in sys.modules:
            sys.modules[module].urandom = urandom
    random._urandom = urandom
    if not host.wanted("random"):
        _guard_random()


def begin():
    """At the first hook of an instance: every generator without a seed of its author gets one of the host."""
    if host.wanted("random"):
        random.seed(_fresh_seed())
    for reference in _unseeded.values():
        generator = reference()
        if generator is None:
            continue
        if host.wanted("random"):
            _original_seed(generator, _fresh_seed())
        else:
            _refuse(generator)


#: What all other numbers of a generator are made of.
DRAWS = ("random", "getrandbits")


def _refuse(generator):
    """Without the host's randomness the generator says so when it is asked."""

    def refused(*arguments):
        host.require("random", "random numbers")

    for name in DRAWS:
        generator.__dict__[name] = refused


def _allow(generator):
    """Its author says what it starts with, or it starts anew."""
    _unseeded.pop(id(generator), None)
    for name in DRAWS:
        generator.__dict__.pop(name, None)


def _guard_random():
    """Without the host's randomness every instance would draw the same numbers: that is told instead, unless the
    author gave a seed and so wants the same numbers."""

    class Guarded(random.Random):
        seeded = False

        def seed(self, a=None, version=2):
            if a is None:
                host.require("random", "random numbers")
            self.seeded = True
            super().seed(a, version)

        def setstate(self, state):
            self.seeded = True
            super().setstate(state)

        def _check(self):
            if host.running and not self.seeded:
                host.require("random", "random numbers")

        def random(self):
            self._check()
            return super().random()

        def getrandbits(self, k):
            self._check()
            return super().getrandbits(k)

    shared = Guarded(0)
    shared.seeded = False
    random._inst = shared
    for name in random.__all__:
        if hasattr(shared, name) and hasattr(getattr(random, name), "__self__"):
            setattr(random, name, getattr(shared, name))
