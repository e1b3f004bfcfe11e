"""The classes that the recorded edge cases were made with, for a real 10.5.0 axon."""

from typing import ClassVar, Dict, List, Optional, Tuple

import synapses_10 as synapses
from bittensor.core.errors import SynapseException
from fastapi import HTTPException
from fastapi.responses import PlainTextResponse

# Beyond Latin-1, so that no header can carry it.
UNSPEAKABLE = "\u4f60\u597d"


class TextSynapse(synapses.Synapse):
    prompt: str
    max_tokens: int = 100
    output: Optional[str] = None


class HashedSynapse(synapses.Synapse):
    required_hash_fields: ClassVar[tuple[str, ...]] = ("prompt", "max_tokens")

    prompt: str
    max_tokens: int = 100
    tags: List[str] = []
    output: Optional[str] = None


class Echo(synapses.Synapse):
    message: str
    reply: Optional[str] = None


class Typed(synapses.Synapse):
    a: int
    b: float
    c: bool
    d: List[int]
    e: Dict[str, int]
    f: Optional[str]
    g: str


def prompt_class(name):
    return type(name, (synapses.Synapse,), {"__annotations__": {"prompt": str}, "prompt": ""})


HttpExc = prompt_class("HttpExc")
RetNone = prompt_class("RetNone")
StatusSet = prompt_class("StatusSet")
MsgUni = prompt_class("MsgUni")
BlRaise = prompt_class("BlRaise")
BlUni = prompt_class("BlUni")
PrRaise = prompt_class("PrRaise")
VfRaise = prompt_class("VfRaise")
VfOk = prompt_class("VfOk")
RetResp = prompt_class("RetResp")
RaiseSynEx = prompt_class("RaiseSynEx")


def upper(synapse: TextSynapse) -> TextSynapse:
    synapse.output = synapse.prompt.upper()
    return synapse


def reverse(synapse: HashedSynapse) -> HashedSynapse:
    synapse.output = synapse.prompt[::-1]
    return synapse


def echo(synapse: Echo) -> Echo:
    synapse.reply = synapse.message
    return synapse


def typed(synapse: Typed) -> Typed:
    return synapse


def http_exc(synapse: HttpExc) -> HttpExc:
    raise HTTPException(418, "teapot")


def ret_none(synapse: RetNone) -> RetNone:
    return None


def status_set(synapse: StatusSet) -> StatusSet:
    synapse.axon.status_code = 429
    synapse.axon.status_message = "slow down"
    return synapse


def msg_uni(synapse: MsgUni) -> MsgUni:
    synapse.axon.status_code = 200
    synapse.axon.status_message = UNSPEAKABLE
    return synapse


def ret_resp(synapse: RetResp) -> RetResp:
    return PlainTextResponse("plain", 202)


def raise_syn_ex(synapse: RaiseSynEx) -> RaiseSynEx:
    raise SynapseException("run failed")


def bl_raise(synapse: BlRaise) -> BlRaise:
    return synapse


def bl_raise_blacklist(synapse: BlRaise) -> Tuple[bool, str]:
    raise RuntimeError("the blacklist raises")


def bl_uni(synapse: BlUni) -> BlUni:
    return synapse


def bl_uni_blacklist(synapse: BlUni) -> Tuple[bool, str]:
    return True, f"{UNSPEAKABLE}\nsecond line"


def pr_raise(synapse: PrRaise) -> PrRaise:
    return synapse


def pr_raise_priority(synapse: PrRaise) -> float:
    raise RuntimeError("the priority raises")


def vf_raise(synapse: VfRaise) -> VfRaise:
    return synapse


def vf_raise_verify(synapse: VfRaise) -> None:
    raise RuntimeError("custom verify says no")


def vf_ok(synapse: VfOk) -> VfOk:
    return synapse


def vf_ok_verify(synapse: VfOk) -> None:
    return None


def attach(axon):
    """Serves all of them."""
    for forward in (upper, reverse, echo, typed, http_exc, ret_none, status_set, msg_uni, ret_resp, raise_syn_ex):
        axon.attach(forward_fn=forward)
    axon.attach(forward_fn=bl_raise, blacklist_fn=bl_raise_blacklist)
    axon.attach(forward_fn=bl_uni, blacklist_fn=bl_uni_blacklist)
    axon.attach(forward_fn=pr_raise, priority_fn=pr_raise_priority)
    axon.attach(forward_fn=vf_raise, verify_fn=vf_raise_verify)
    axon.attach(forward_fn=vf_ok, verify_fn=vf_ok_verify)
