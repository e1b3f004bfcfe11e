"""What an ordinary Python program takes for granted, inside of a component: each probe is one request."""

import asyncio
import datetime
import json
import logging
import os
import random
import secrets
import socket
import sys
import time
import traceback
import uuid
import warnings
from time import time as captured_time

import soma as bt

logger = logging.getLogger("probe")


def said():
    print("printed", 1)
    print("without end", end="")
    sys.stderr.write("complained\n")
    for level in ("debug", "info", "warning", "error"):
        getattr(logger, level)("logged at %s", level)
    bt.logging.trace("traced")
    warnings.warn("warned")
    return True


def told():
    first = [time.time(), captured_time(), datetime.datetime.now(datetime.timezone.utc).timestamp(), time.time_ns() / 1e9]
    day = datetime.date.today().isoformat() + time.strftime(" %Y", time.gmtime())
    return {"times": first, "day": day, "apart": max(first) - min(first), "steady": time.monotonic() <= time.monotonic()}


def drawn():
    numbers = [random.random(), random.randint(0, 1 << 60), random.Random().random(), random.SystemRandom().random()]
    words = [secrets.token_hex(8), str(uuid.uuid4()), os.urandom(8).hex()]
    return {"numbers": numbers, "words": words, "seeded": random.Random(1).random()}


def refused(function, *arguments):
    """The name of the exception, which is an ordinary one."""
    try:
        function(*arguments)
    except Exception as error:
        return type(error).__name__
    return "nothing"


def absent():
    return {
        "open": refused(open, "/etc/passwd"),
        "listdir": refused(os.listdir, "."),
        "exists": os.path.exists("/etc/passwd"),
        "sleep": refused(time.sleep, 0.1),
        "socket": refused(socket.socket),
        "import": refused(__import__, "tomllib"),
        "setting": refused(bt.config.get, "x"),
        "input": refused(input),
    }


async def later():
    return "awaited"


def failed():
    try:
        json.loads("{")
    except ValueError:
        return traceback.format_exc()


PROBES = {"said": said, "told": told, "drawn": drawn, "absent": absent, "failed": failed}
PROBES["awaited"] = lambda: asyncio.run(later())
PROBES["strings"] = lambda: ["é".encode("latin-1").decode("utf-16", "replace"), datetime.datetime.strptime("2024", "%Y").year]
PROBES["exit"] = lambda: sys.exit(3)
PROBES["deep"] = lambda: PROBES["deep"]()
PROBES["surrogate"] = lambda: print("\ud800") or "\ud800"


class Ambient(bt.Synapse):
    probe: str
    found: object = None


def forward(synapse: Ambient) -> Ambient:
    synapse.found = PROBES[synapse.probe]()
    return synapse


class Broken(bt.Synapse):
    kind: str = "error"


async def broken(synapse: Broken) -> Broken:
    if synapse.kind == "error":
        raise ValueError("a mistake of the author")
    raise getattr(bt, synapse.kind)("the reason \u00e9")


def blacklist(request):
    if request.dendrite.hotkey == "":
        return True
    if request.route == "Broken" and request.caller.ip == "":
        raise ValueError
    return False, "never"


bt.axon.attach(forward, blacklist)
bt.axon.attach(broken, lambda request: (request.method == "TRACE", ""))
