"""The metagraph of the host, and what each hook makes of there being none."""

import json
import sys

from soma import ambient

ambient.install()

import soma as bt
from componentize_py_types import Err
from soma import hooks
from wit_world.imports import log, metagraph, types

try:
    bt.metagraph.current()
except RuntimeError as error:
    assert "while the plugin is built" in str(error), error
else:
    raise AssertionError("the host was asked while the plugin was built")


class Look(bt.Synapse):
    found: object = None


def forward(look: Look):
    look.found = [bt.metagraph.by_hotkey("5-1").stake, len(list(bt.metagraph.neurons()))]
    return look


def blacklist(request):
    # As the Bittensor guide has it.
    return bt.metagraph.S[request.dendrite.hotkey] < 2.0, "stake below 2"


def verify(look):
    if look.dendrite.hotkey not in bt.metagraph.hotkeys:
        raise bt.Refused("not registered")


def priority(request):
    return float(bt.metagraph.S[bt.metagraph.hotkeys.index(request.dendrite.hotkey)])


bt.axon.attach(forward, blacklist, priority, verify, init_fn=lambda: bt.metagraph.current())
hooks.seal({"Look": False}, ["forward", "blacklist", "priority", "verify"])
for uid in range(600):
    scores = [uid / 1000] * 4
    own = (uid % 2 == 0, True, uid * 10, f"192.0.2.1:{uid}" if uid else None)
    metagraph.NEURONS.append(metagraph.Neuron(uid, f"5-{uid}", "5Cold", float(uid), 1.0, 2.0, 0.5, *scores, *own))


def request(hotkey):
    return types.Request(route="Look", caller=types.Caller(hotkey))


assert json.loads(hooks.Forward().forward(request("5-1"), b"{}").body) == {"found": [1.0, 600]}
assert metagraph.PAGES == [4]
assert hooks.Blacklist().check(request("5-2")) == types.Verdict_Allow()
for hotkey in ("5-1", "5Stranger", "\ud800"):
    assert hooks.Blacklist().check(request(hotkey)) == types.Verdict_Deny("stake below 2"), hotkey
assert hooks.Verify().check(request("5-2"), b"{}") == types.Verdict_Allow()
assert hooks.Verify().check(request("5Stranger"), b"{}") == types.Verdict_Deny("not registered")
assert hooks.Priority().rank(request("5-599")) == 599.0

for absence, known in [("OFFLINE", "offline"), ("UNREAD", "unread"), ("NO_REQUEST", "no-request")]:
    metagraph.ABSENCE[0] = metagraph.Absence[absence]
    try:
        bt.metagraph.current()
    except bt.NoMetagraph as error:
        assert error.absence == known and error.why != known
    else:
        raise AssertionError(absence)
    reason = "the metagraph is not there at the moment"
    try:
        hooks.Forward().forward(request("5-1"), b"{}")
    except Err as error:
        assert error.value == types.Failure_Unavailable(reason), error
    else:
        raise AssertionError(absence)
    assert hooks.Blacklist().check(request("5-2")) == types.Verdict_Deny(reason)
    assert hooks.Verify().check(request("5-2"), b"{}") == types.Verdict_Deny(reason)
    assert hooks.Priority().rank(request("5-2")) == 0.0
    assert log.LINES[-1] == ("warn", f"the priority function cannot rank: {reason}"), log.LINES[-1]
    try:
        hooks.Lifecycle().init()
    except Err as error:
        assert error.value.startswith(f"NoMetagraph: {reason}"), error
    else:
        raise AssertionError(absence)
sys.__stdout__.write("passed")
