"""Texts that are read while they are made."""

import soma as bt


class TextStream(bt.Synapse):
    """A text in pieces. There is no field for the answer: the pieces are the answer."""

    #: What the text starts from.
    prompt: str
    #: Most words of the answer.
    max_tokens: int = 100


def stream(synapse: TextStream):
    """Stands in for a language model that streams: the prompt's words in upper case, one after another."""
    words = synapse.prompt.split()[: synapse.max_tokens]
    if not words:
        raise bt.Invalid("there is no word to write")
    bt.logging.debug(f"streaming to {synapse.dendrite.hotkey}")
    yield words[0].upper()
    for word in words[1:]:
        yield f" {word.upper()}"
