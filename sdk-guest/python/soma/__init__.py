"""What the author of a Soma plugin in Python imports. It looks like the Bittensor SDK's axon:

    import soma as bt

    class TextGeneration(bt.Synapse):
        prompt: str
        max_tokens: int = 100
        generated_text: str | None = None

    def forward(synapse: TextGeneration) -> TextGeneration:
        synapse.generated_text = synapse.prompt.upper()
        return synapse

    def blacklist(synapse: TextGeneration) -> tuple[bool, str]:
        return synapse.dendrite.hotkey in bt.config.json("deny", []), "denied"

    bt.axon.attach(forward, blacklist)

The SDK reads and writes the JSON, names the field that is wrong, and turns exceptions into failures. `print`,
`logging`, `time`, `datetime`, `random`, `secrets` and `uuid` work as ever: they go to the host's log, clock and
randomness, as far as `plugin.toml` wants them.

What it never does: import anything outside `soma:neuron`, keep state between two calls, or hide an error by
answering something else.

Layout:
- synapse, fields: classes with typed fields, and how their JSON is checked
- neuron: `axon.attach`
- request: who asks, and what is known without the body
- failure: how a function says no
- logging, config, clock, random, metagraph: what the host offers
- testing: requests, settings and a metagraph for an author's unit tests
- hooks: what the host calls (only inside of a component)
- ambient: what print, time and files are inside of a component; generators: what `random` is there
- host: the host's functions, and their stand-ins on the author's own machine
- traces: an exception in one line
"""

from . import clock, config, logging, metagraph, random
from .failure import Failure, Invalid, NoMetagraph, NotWanted, Refused, Unavailable
from .metagraph import Neuron
from .neuron import Axon, axon
from .request import Caller, Request, Terminal
from .synapse import Field, Reply, Synapse

__all__ = [
    "Axon",
    "Caller",
    "Failure",
    "Field",
    "Invalid",
    "Neuron",
    "NoMetagraph",
    "NotWanted",
    "Refused",
    "Reply",
    "Request",
    "Synapse",
    "Terminal",
    "Unavailable",
    "axon",
    "clock",
    "config",
    "logging",
    "metagraph",
    "random",
]
