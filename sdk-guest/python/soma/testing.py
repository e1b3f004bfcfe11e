"""For an author's unit tests on their own machine."""

from . import host
from .metagraph import Neuron, Subnet
from .request import Caller, Request

#: A coldkey for neurons, and a caller for requests.
SOMEBODY = "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM"


def configure(key: str, value: str):
    """Sets what `config.get` answers; None takes a setting away."""
    if value is None:
        host.settings.pop(key, None)
    else:
        host.settings[key] = value


def register(*neurons: Neuron, netuid: int = 1, block: int = 1000, own_uid: int = None):
    """Sets what `metagraph` answers: a subnet with these neurons. Before it there is no metagraph ("offline")."""
    known = sorted(neurons, key=lambda neuron: neuron.uid)
    size = known[-1].uid + 1 if known else 0
    host.subnet = (Subnet(netuid, block, size, own_uid), known)


def register_nobody(absence: str = "offline"):
    """Sets that there is no metagraph, and why: "offline", "unread" or "no-request"."""
    host.subnet = absence


def neuron(uid: int, hotkey: str, stake: float, **changes) -> Neuron:
    """A neuron with this stake in alpha and nothing else: no permit, no axon. Every field may be changed."""
    values = {"uid": uid, "hotkey": hotkey, "coldkey": SOMEBODY, "stake": stake, "alpha_stake": stake, "tao_stake": 0.0}
    values.update(dict.fromkeys(("emission", "consensus", "incentive", "dividends", "validator_trust"), 0.0))
    values.update(validator_permit=False, active=False, last_update=0, axon=None)
    return Neuron(**{**values, **changes})


def request(route: str, hotkey: str = SOMEBODY, **changes) -> Request:
    """A synapse request for `route` from an unregistered caller without stake, at this moment, with 12 seconds to
    answer. Every field may be changed."""
    values = {"id": "test", "route": route, "target": f"/{route}", "caller": Caller(hotkey, ip="127.0.0.1")}
    values.update(content_type="application/json", received_ms=host.now_ms(), deadline_ms=12_000)
    return Request(**{**values, **changes})
