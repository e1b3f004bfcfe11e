"""What each hook makes of what the author's functions return and raise."""

import json
import sys

from soma import ambient

ambient.install()

import soma as bt
from componentize_py_types import Err
from soma import hooks
from wit_world.imports import config, log, types


class Text(bt.Synapse):
    kind: str = ""
    answer: object = None


class Stream(bt.Synapse):
    words: list = []
    closed = []


def raising(error):
    raise error


ANSWERS = {
    "synapse": lambda synapse: synapse,
    "caller": lambda synapse: {"answer": [synapse.dendrite.hotkey, synapse.timeout, synapse.name, synapse.request.dialect]},
    "reply": lambda synapse: bt.Reply("text", "text/plain", 201),
    "bytes": lambda synapse: bt.Reply(b"\x00"),
    "object": lambda synapse: bt.Reply({"a": 1}),
    "none": lambda synapse: None,
    "nan": lambda synapse: {"a": float("nan")},
    "surrogate": lambda synapse: {"a": "\ud800"},
    "status": lambda synapse: bt.Reply("", status=500),
    "invalid": lambda synapse: raising(bt.Invalid("é\ud800")),
    "refused": lambda synapse: raising(bt.Refused("r")),
    "unavailable": lambda synapse: raising(bt.Unavailable("u")),
    "exit": lambda synapse: sys.exit(1),
    "interrupt": lambda synapse: raising(KeyboardInterrupt()),
    "stop": lambda synapse: raising(StopIteration()),
    "err": lambda synapse: raising(Err(1)),
}


def forward(synapse: Text):
    return ANSWERS[synapse.kind](synapse)


async def stream(synapse: Stream):
    try:
        for word in synapse.words:
            if word == "fail":
                raise ValueError("broken off")
            yield word if word != "bytes" else b"bytes"
    except GeneratorExit:
        Stream.closed.append(True)
        raise


def blacklist(synapse):
    if synapse.dendrite.hotkey == "5Raised":
        raise bt.Refused("not today")
    return {"5Allowed": (False, "x"), "5Denied": (True, "n\udc00o"), "5Bare": True, "5Wrong": "yes"}[synapse.dendrite.hotkey]


def verify(synapse):
    if synapse.kind != "good":
        raise bt.Refused(f"bad {synapse.kind}")


bt.axon.attach(forward, blacklist, lambda request: request.caller.stake * 2, verify).attach(stream)
bt.axon.attach(init_fn=lambda: print(bt.config.get("model")))
try:
    hooks.seal({"Text": False, "Stream": False}, ["forward", "blacklist", "priority", "verify"])
except hooks.BuildError as error:
    assert "stream = {}" in str(error), error
else:
    raise AssertionError("a generator for a route that does not stream")
hooks.seal({"Text": False, "Stream": True}, ["forward", "streaming", "blacklist", "priority", "verify"])

# An instance that serves more than one request is got ready first.
config.SETTINGS["model"] = "small"
hooks.Lifecycle().init()
assert log.LINES == [("info", "small")], log.LINES
config.SETTINGS["model"] = "\ud800"
hooks.Lifecycle().init()
assert log.LINES[1] == ("info", "?"), log.LINES


def failure_of(call, *arguments):
    try:
        call(*arguments)
    except Err as error:
        return error.value
    raise AssertionError("no failure")


def ask(kind):
    return hooks.Forward().forward(types.Request(), json.dumps({"kind": kind}).encode())


assert json.loads(ask("synapse").body) == {"kind": "synapse", "answer": None}
assert json.loads(ask("caller").body) == {"answer": ["5F", 1.5, "Text", "synapse"]}
assert ask("reply") == types.Reply(b"text", "text/plain", 201)
assert ask("bytes").body == b"\x00" and ask("object").body == b'{"a":1}'
for kind, case, told in [
    ("none", types.Failure_Internal, "TypeError: a forward function returns"),
    ("nan", types.Failure_Internal, "ValueError"),
    ("surrogate", types.Failure_Internal, "UnicodeEncodeError"),
    ("status", types.Failure_Internal, "ValueError: a status is 200 to 499"),
    ("unknown", types.Failure_Internal, "KeyError: 'unknown' at hooks.py line"),
    ("invalid", types.Failure_Invalid, "é?"),
    ("refused", types.Failure_Refused, "r"),
    ("unavailable", types.Failure_Unavailable, "u"),
    ("exit", types.Failure_Internal, "SystemExit: 1"),
    ("interrupt", types.Failure_Internal, "KeyboardInterrupt at"),
    ("stop", types.Failure_Internal, "StopIteration at"),
    ("err", types.Failure_Internal, "Err"),
]:
    found = failure_of(ask, kind)
    assert type(found) is case and found.value.startswith(told), (kind, found)
mismatch = failure_of(hooks.Forward().forward, types.Request(), b'{"kind": 1}')
assert type(mismatch) is types.Failure_Internal and "not the plugin's class: kind: want" in mismatch.value, mismatch
lost = failure_of(hooks.Forward().forward, types.Request(route="Lost"), b"{}")
assert type(lost) is types.Failure_Internal and "'Lost'" in lost.value, lost


class Listener:
    """The host's side of a stream: takes so many pieces."""

    def __init__(self, patience=99):
        self.pieces, self.left, self.patience = [], False, patience

    def write(self, piece):
        assert type(piece) is bytes and not self.left
        if len(self.pieces) == self.patience:
            raise Err("closed")
        self.pieces.append(piece)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.left = True


def hear(words, listener):
    hooks.Streaming().forward(types.Request(route="Stream"), json.dumps({"words": words}).encode(), listener)


for words, patience, heard in [
    (["a", "bytes", "é"], 99, [b"a", b"bytes", "é".encode()]),
    ([], 99, []),
    (["a", "b", "c"], 1, [b"a"]),
]:
    listener = Listener(patience)
    hear(words, listener)
    assert listener.pieces == heard and listener.left, (words, listener.pieces)
for words, heard in [(["fail"], []), (["a", "fail"], [b"a"]), (["a", 7], [b"a"])]:
    listener = Listener()
    found = failure_of(hear, words, listener)
    assert type(found) is types.Failure_Internal and listener.pieces == heard and listener.left, (words, found)


def check(hotkey):
    return hooks.Blacklist().check(types.Request(caller=types.Caller(hotkey)))


assert check("5Allowed") == types.Verdict_Allow()
assert check("5Denied") == types.Verdict_Deny("n?o")
assert check("5Raised") == types.Verdict_Deny("not today")
assert check("5Bare") == types.Verdict_Deny("blacklisted")
assert hooks.Blacklist().check(types.Request(route="Stream")) == types.Verdict_Allow()
assert hooks.Priority().rank(types.Request()) == 5.0
assert hooks.Priority().rank(types.Request(route="Stream")) == 0.0
assert hooks.Verify().check(types.Request(), b'{"kind": "good"}') == types.Verdict_Allow()
assert hooks.Verify().check(types.Request(), b'{"kind": "b"}') == types.Verdict_Deny("bad b")
assert hooks.Verify().check(types.Request(), b'{"kind": 1}') == types.Verdict_Deny("the body cannot be checked")
assert log.LINES[-1][0] == "error" and "kind: want a string" in log.LINES[-1][1]

# A gate that fails ends the instance, with a line in the log that says why.
for hotkey in ("5Wrong", "5Unknown"):
    try:
        check(hotkey)
    except RuntimeError:
        assert log.LINES[-1][0] == "error" and log.LINES[-1][1].startswith("the blacklist function failed: "), log.LINES
        assert sys.stderr is None
    else:
        raise AssertionError(hotkey)
sys.__stdout__.write("passed")
