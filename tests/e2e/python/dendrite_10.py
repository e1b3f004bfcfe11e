"""Asks one axon with the real 10.5.0 dendrite; prints one line of JSON for each case."""

import argparse
import asyncio

import synapses_10 as synapses

from bittensor import AxonInfo
from bittensor.core import dendrite as dendrite_module

# A documentation address (RFC 5737): the dendrite only compares it with the axon's address. Asking the internet for
# the real one is the single thing that the SDK is kept from here.
EXTERNAL_ADDRESS = "203.0.113.9"

OWN_FIELDS = set(synapses.Synapse.model_fields)

CASES = {
    "success": lambda: synapses.TextGeneration(prompt="Hello", max_tokens=100, temperature=0.7),
    "defaults": lambda: synapses.SparseText(prompt="Hello"),
    "image": lambda: synapses.ImageGeneration(prompt="a cell"),
    "hashed": lambda: synapses.HashedText(prompt="abc", max_tokens=7),
    "hashed_default": lambda: synapses.HashedText(prompt="naïve 'quotes'\n€"),
    "unknown_route": lambda: synapses.Unregistered(),
    "wrong_type": lambda: synapses.MistypedText(prompt=[1, 2]),
}

# Prompts of the streaming class.
STREAMS = {"stream": "one two three", "stream_refused": "  "}


def describe(case, answer):
    fields = {name: value for name, value in answer.model_dump().items() if name not in OWN_FIELDS}
    return {
        "case": case,
        "status_code": answer.dendrite.status_code,
        "status_message": answer.dendrite.status_message,
        "axon_status_code": answer.axon.status_code,
        "axon_process_time": answer.axon.process_time,
        "axon_hotkey": answer.axon.hotkey,
        "dendrite_hotkey": answer.dendrite.hotkey,
        "process_time": answer.dendrite.process_time,
        "is_success": answer.is_success,
        "is_blacklist": answer.is_blacklist,
        "failed_verification": answer.failed_verification,
        "is_timeout": answer.is_timeout,
        "name": answer.name,
        "fields": fields,
    }


async def run_one(dendrite, axon, case, timeout):
    answer = await dendrite.call(axon, CASES[case](), timeout=timeout, deserialize=False)
    synapses.emit(**describe(case, answer))


async def run_stream(dendrite, axon, prompt, timeout):
    """Reads a stream; the last thing that the dendrite yields is the synapse."""
    pieces = []
    question = synapses.TextStream(prompt=prompt)
    async for piece in dendrite.call_stream(axon, question, timeout=timeout, deserialize=False):
        pieces.append(piece)
    answer = pieces.pop()
    synapses.emit(pieces=pieces, **describe("stream", answer))


async def run_concurrent(dendrite, axon, count, timeout):
    """One dendrite, so one uuid: the server may see its nonces in another order than they were taken in."""
    questions = [synapses.TextGeneration(prompt=f"question {index}") for index in range(count)]
    answers = await asyncio.gather(
        *(dendrite.call(axon, question, timeout=timeout, deserialize=False) for question in questions)
    )
    statuses = {}
    for answer in answers:
        key = str(answer.dendrite.status_code)
        statuses[key] = statuses.get(key, 0) + 1
    synapses.emit(case="concurrent", statuses=statuses)


async def main(arguments):
    wallet = synapses.open_wallet(arguments)
    axon = AxonInfo(
        version=1,
        ip=arguments.host,
        port=arguments.port,
        ip_type=4,
        hotkey=arguments.axon_hotkey,
        coldkey=arguments.axon_hotkey,
    )
    dendrite_module.networking.get_external_ip = lambda: EXTERNAL_ADDRESS
    async with dendrite_module.Dendrite(wallet=wallet) as dendrite:
        for case in arguments.case or CASES:
            if case == "concurrent":
                await run_concurrent(dendrite, axon, arguments.count, arguments.timeout)
            elif case in STREAMS:
                await run_stream(dendrite, axon, STREAMS[case], arguments.timeout)
            else:
                await run_one(dendrite, axon, case, arguments.timeout)


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--axon-hotkey", required=True)
parser.add_argument("--case", action="append", choices=[*CASES, *STREAMS, "concurrent"])
parser.add_argument("--count", type=int, default=32)
parser.add_argument("--timeout", type=float, default=12.0)
synapses.wallet_arguments(parser)
asyncio.run(main(parser.parse_args()))
