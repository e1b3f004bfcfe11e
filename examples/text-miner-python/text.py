"""Texts."""

from typing import List, Optional

import soma as bt

#: Names this build in every answer, so that a caller sees which version served it.
MODEL = "text-miner 0.1.0"


class TextGeneration(bt.Synapse):
    """The synapse of the Python guide."""

    #: What the text starts from.
    prompt: str
    #: Most words of the answer.
    max_tokens: int = 100
    #: 0 to 2. Here it only says how far the words are rotated.
    temperature: float = 0.7
    #: The answer.
    generated_text: Optional[str] = None
    #: Name and version of what wrote it.
    model_name: Optional[str] = None


def generate(synapse: TextGeneration) -> TextGeneration:
    """Stands in for a language model: the prompt's words in upper case, rotated by ten times the temperature, cut
    after `max_tokens` words. Temperature 0 keeps their order."""
    words = [word.upper() for word in synapse.prompt.split()]
    if not words:
        raise bt.Invalid("prompt: there is no word in it")
    shift = int(min(max(synapse.temperature, 0.0), 2.0) * 10) % len(words)
    words = (words[shift:] + words[:shift])[: synapse.max_tokens]
    bt.logging.debug(f"{len(words)} words of at most {synapse.max_tokens}")
    synapse.generated_text = " ".join(words)
    synapse.model_name = MODEL
    return synapse


class HashedText(bt.Synapse):
    """A synapse with hash fields: the caller's signature covers `prompt` and `max_tokens`."""

    #: What to reverse.
    prompt: str
    #: Not used; it is here because it is part of the hash.
    max_tokens: int = 100
    #: Not used, and not part of the hash.
    tags: List[str] = []
    #: The answer.
    output: Optional[str] = None


def reverse(synapse: HashedText) -> HashedText:
    """The prompt, last character first."""
    synapse.output = synapse.prompt[::-1]
    return synapse
