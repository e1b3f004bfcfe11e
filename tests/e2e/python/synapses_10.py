"""The synapse classes that both ends of the 10.5.0 tests speak, and the quiet start of the SDK that both need."""

import json
import os
import sys
from typing import ClassVar, Optional

# The SDK would otherwise read this process's command line as its own.
os.environ["BT_NO_PARSE_CLI_ARGS"] = "1"

import bittensor  # noqa: E402
from bittensor.core.stream import StreamingSynapse  # noqa: E402
from bittensor.core.synapse import Synapse  # noqa: E402

bittensor.logging.off()


class TextGeneration(Synapse):
    prompt: str
    max_tokens: int = 100
    temperature: float = 0.7
    generated_text: Optional[str] = None
    model_name: Optional[str] = None


class ImageGeneration(Synapse):
    prompt: str
    size: str = "512x512"
    image_data: Optional[str] = None


class HashedText(Synapse):
    required_hash_fields: ClassVar[tuple[str, ...]] = ("prompt", "max_tokens")

    prompt: str
    max_tokens: int = 100
    output: Optional[str] = None


class TextStream(StreamingSynapse):
    prompt: str
    max_tokens: int = 100
    completion: Optional[str] = None

    async def process_streaming_response(self, response):
        """Hands the pieces on as they come, and keeps the whole."""
        pieces = []
        async for piece in response.content.iter_any():
            pieces.append(piece.decode())
            yield pieces[-1]
        self.completion = "".join(pieces)

    def extract_response_json(self, response):
        return {"prompt": self.prompt, "max_tokens": self.max_tokens, "completion": self.completion}

    def deserialize(self):
        return self


class Unregistered(Synapse):
    prompt: str = "nobody serves this"


def same_route(name, **members):
    """A class that goes to the route `name` with other fields than the class of that name above."""
    return type(name, (Synapse,), members)


# The author of this client left the fields with defaults out of the class: they are not in the request at all.
SparseText = same_route(
    "TextGeneration",
    __annotations__={"prompt": str, "generated_text": Optional[str], "model_name": Optional[str]},
    generated_text=None,
    model_name=None,
)

# A field of another type than the axon takes.
MistypedText = same_route(
    "TextGeneration",
    __annotations__={"prompt": list[int], "generated_text": Optional[str]},
    generated_text=None,
)


def emit(**result):
    """Prints one result as one line of JSON."""
    json.dump(result, sys.stdout, default=str)
    sys.stdout.write("\n")
    sys.stdout.flush()


def wallet_arguments(parser):
    """The arguments that name a wallet."""
    parser.add_argument("--wallet-path", required=True)
    parser.add_argument("--wallet-name", default="default")
    parser.add_argument("--wallet-hotkey", default="default")


def open_wallet(arguments):
    """The wallet that the arguments name."""
    return bittensor.Wallet(
        name=arguments.wallet_name,
        hotkey=arguments.wallet_hotkey,
        path=arguments.wallet_path,
    )
