"""As `metagraph_reads`, in Python."""

from dataclasses import asdict

import soma as bt


class Look(bt.Synapse):
    what: str
    uid: int = 0
    hotkey: str = ""


def told(neuron):
    return None if neuron is None else asdict(neuron)


def total():
    neurons = list(bt.metagraph.neurons())
    ends = {"first": neurons[0].uid, "last": neurons[-1].uid} if neurons else {"first": None, "last": None}
    return {"count": len(neurons), "stake": sum(neuron.stake for neuron in neurons), **ends}


def forward(look: Look):
    looks = {
        "uid": lambda: told(bt.metagraph.by_uid(look.uid)),
        "hotkey": lambda: told(bt.metagraph.by_hotkey(look.hotkey)),
        "subnet": lambda: asdict(bt.metagraph.current()),
        "all": total,
        "first": lambda: {"hotkey": next((neuron.hotkey for neuron in bt.metagraph.neurons()), None)},
    }
    return {"found": looks[look.what]()}


def blacklist(request: bt.Request):
    least = request.header("x-least")
    if least is None:
        return False, ""
    neuron = bt.metagraph.by_hotkey(request.caller.hotkey)
    if neuron is None:
        return True, "not registered"
    return neuron.stake < float(least), f"stake {neuron.stake:g} is below {least}"


def priority(request: bt.Request):
    return bt.metagraph.S[request.caller.hotkey]


bt.axon.attach(forward, blacklist, priority)
