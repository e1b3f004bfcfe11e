"""The miner of the benches in Python: the same work, gate and order as the plugin in examples/text-miner-rust."""

MODEL = "text-miner 0.1.0"


class NoWord(ValueError):
    """The prompt has no word in it."""


def generate(prompt, max_tokens, temperature):
    """The prompt's words in upper case, rotated by ten times the temperature, cut after `max_tokens` words."""
    words = [word.upper() for word in prompt.split()]
    if not words:
        raise NoWord("prompt: there is no word in it")
    shift = int(min(max(temperature, 0.0), 2.0) * 10.0) % len(words)
    return " ".join((words[shift:] + words[:shift])[:max_tokens])
