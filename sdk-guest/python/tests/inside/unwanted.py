"""A plugin that wants nothing is told the line to write; what needs no system goes on working."""

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
from random import choice as captured_choice

import soma as bt
from wit_world.imports import log

MADE, GIVEN = random.Random(), random.Random(1)
assert 0 <= MADE.random() < 1, "while the plugin is built it draws"
ambient.seal()
ambient.begin()


def told(call, *arguments):
    try:
        call(*arguments)
    except bt.NotWanted as error:
        return str(error)
    raise AssertionError(call)


for name, calls in [
    ("clock", [time.time, time.monotonic, time.gmtime, datetime.datetime.now, datetime.date.today, bt.clock.now_ms]),
    ("random", [random.random, lambda: captured_choice([1, 2]), random.Random, random.seed, secrets.token_hex, uuid.uuid4]),
    ("random", [MADE.random, lambda: MADE.choice([1, 2]), lambda: MADE.gauss(0, 1), lambda: MADE.randbytes(2), MADE.seed]),
    ("random", [lambda: os.urandom(1), lambda: random.shuffle([1, 2]), lambda: bt.random.bytes(1)]),
    ("config", [lambda: bt.config.get("x"), lambda: bt.config.json("x")]),
    ("metagraph", [bt.metagraph.current, bt.metagraph.neurons, lambda: bt.metagraph.S["5F"], lambda: bt.metagraph.n]),
]:
    for call in calls:
        line = told(call)
        assert f'needs `{name}`: write `wants = ["{name}"]` into plugin.toml' in line, line
        assert f'"{name}" to `grant`' in line, line

# A seed asks for the same numbers each time.
assert GIVEN.random() == 0.13436424411240122
MADE.seed(1)
assert MADE.random() == 0.13436424411240122
assert random.Random(1).random() == 0.13436424411240122
random.seed(1)
assert random.random() == 0.13436424411240122
assert time.gmtime(0).tm_year == 1970 and datetime.datetime(2024, 1, 1).year == 2024

print("printed")
logging.warning("logged")
assert log.LINES == [("info", "printed"), ("warn", "logged")], log.LINES
sys.__stdout__.write("passed")
