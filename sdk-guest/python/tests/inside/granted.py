"""print, logging, time, datetime, random, secrets and uuid of a plugin that wants clock and random."""

import sys

from soma import ambient

ambient.install()

import datetime
import logging
import os
import random
import secrets
import time
import uuid
import warnings
from random import random as captured_random
from time import time as captured_time

import soma as bt
from soma import host
from wit_world.imports import clock, log
from wit_world.imports import random as source

# While the plugin is built, modules find an ordinary machine, and the host is not asked.
assert time.time() > 1.6e9 and len(os.urandom(4)) == 4 and 0 <= random.random() < 1
assert os.path.exists(__file__) and open(__file__).readline()
logging.warning("built")
before = random.getstate()


class Dice(random.Random):
    """As an author's own kind of generator."""

    def __eq__(self, other):
        return True


# Generators of a module: without a seed, with one, and with one that came later.
MADE = [random.Random(), Dice(), random.Random(None)]
MADE_BEFORE = [generator.getstate() for generator in MADE]
GIVEN, LATER, SET = random.Random(1), random.Random(), random.Random()
LATER.seed(1)
SET.setstate(GIVEN.getstate())
for temporary in range(100):
    random.Random()
for call in (bt.clock.now_ms, lambda: bt.random.bytes(1), lambda: bt.config.get("x")):
    try:
        call()
    except RuntimeError as error:
        assert "while the plugin is built" in str(error)
    else:
        raise AssertionError(call)
ambient.seal()
ambient.begin()

# One draw for the module's own generator, one for each that has no seed.
assert (source.DRAWN[0], random.getstate() != before) == (4, True), source.DRAWN
assert all(generator.getstate() != built for generator, built in zip(MADE, MADE_BEFORE))
assert len({generator.random() for generator in MADE}) == 3
assert [generator.random() for generator in (GIVEN, LATER, SET)] == [0.13436424411240122] * 3
drawn = [random.random(), captured_random(), random.Random().random(), random.SystemRandom().random()]
assert len(set(drawn)) == 4
first = (secrets.token_hex(8), uuid.uuid4(), os.urandom(8))
assert first != (secrets.token_hex(8), uuid.uuid4(), os.urandom(8)) and source.DRAWN[0] > 6
assert len(bt.random.bytes(100_000)) == 100_000
random.seed(1)
assert random.random() == random.Random(1).random() == 0.13436424411240122
random.seed()
assert random.random() != 0.13436424411240122

moment = clock.MOMENT[0] / 1000
assert time.time() == captured_time() == moment and time.time_ns() == int(moment * 1e9)
assert datetime.datetime.now(datetime.timezone.utc).timestamp() == moment
assert datetime.datetime.utcnow().isoformat() == "2023-11-14T22:13:20"
assert datetime.date.today().year == 2023 and time.gmtime().tm_year == 2023
assert time.strftime("%Y") == "2023" and "2023" in time.ctime() and "2023" in time.asctime()
assert isinstance(datetime.datetime.now(), datetime.date) and datetime.datetime.strptime("2024", "%Y").year == 2024
ticks = [time.monotonic(), time.perf_counter_ns() / 1e9]
clock.MOMENT[0] -= 60_000
ticks += [time.monotonic(), time.perf_counter()]
assert ticks == sorted(ticks) and time.time() < moment

print("a", 1)
print("b", end="")
print("c\nd")
print("e", end="", file=sys.stderr)
assert log.LINES == [("info", "a 1"), ("info", "bc"), ("info", "d")], log.LINES
ambient.flush()
assert log.LINES[-1] == ("warn", "e")
log.LINES.clear()
print("\udc00", "é")
bt.logging.success("done", "well")
bt.logging.warning("careful")
assert log.LINES == [("info", "? é"), ("info", "done well"), ("warn", "careful")], log.LINES

log.LINES.clear()
logger = logging.getLogger("a.b")
own = logging.StreamHandler()
own.setFormatter(logging.Formatter("%(name)s %(asctime)s: %(message)s"))
logger.addHandler(own)
logger.propagate = False
logger.error("one\ntwo")
logging.debug("three %d", 3)
logging.log(5, "too fine")
logging.info("bad %d", "x")
try:
    raise ValueError("v")
except ValueError:
    logging.exception("four")
levels = [level for level, _ in log.LINES]
texts = [text for _, text in log.LINES]
assert texts[0].startswith("a.b 20") and texts[0].endswith(": one") and texts[1] == "two", texts
assert texts[2] == "three 3" and levels[:3] == ["error", "error", "debug"], log.LINES
assert texts[3].startswith("a record of logging cannot be written: TypeError") and levels[3] == "warn"
assert texts[4:6] == ["four", "Traceback (most recent call last):"] and texts[-1] == "ValueError: v"
assert set(levels[4:]) == {"error"}
warnings.warn("look")
assert any("UserWarning: look" in text for _, text in log.LINES)


def refused(call, *arguments):
    try:
        call(*arguments)
    except OSError as error:
        return str(error)
    raise AssertionError(call)


for call in (open, os.listdir, os.stat, os.mkdir):
    assert "a plugin has no files" in refused(call, "/")
assert not os.path.exists("/") and "cannot sleep" in refused(time.sleep, 1)
try:
    import wave
except ModuleNotFoundError as error:
    assert "import it at the top of a file" in str(error) and error.name == "wave"
else:
    raise AssertionError("a module was found at run time")


async def endless():
    await Waiting()


class Waiting:
    def __await__(self):
        yield


try:
    ambient.finished(endless())
except RuntimeError as error:
    assert "nothing to wait for" in str(error)
else:
    raise AssertionError("it waited")
host.running = False
sys.__stdout__.write("passed")
