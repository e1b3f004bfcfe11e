"""Images."""

import base64
from typing import Optional

import soma as bt

#: Widest and highest image, in pixels.
MOST = 2048


class ImageGeneration(bt.Synapse):
    """An image for a prompt."""

    #: What the image shows.
    prompt: str
    #: Width and height in pixels, each 1 to MOST.
    size: str = "512x512"
    #: The answer: an SVG document, in base64.
    image_data: Optional[str] = None


def draw(synapse: ImageGeneration) -> ImageGeneration:
    """Stands in for an image model: a rectangle of the wanted size in a colour that depends on the prompt only."""
    width, height = _size(synapse.size)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
        f'<rect width="100%" height="100%" fill="#{_colour(synapse.prompt):06x}"/></svg>'
    )
    synapse.image_data = base64.b64encode(svg.encode()).decode()
    return synapse


def _size(text):
    sides = text.split("x")
    if len(sides) == 2 and all(side.isascii() and side.isdigit() and 1 <= int(side) <= MOST for side in sides):
        return int(sides[0]), int(sides[1])
    raise bt.Invalid(f"size: want WIDTHxHEIGHT, each 1 to {MOST}")


def _colour(prompt):
    """24 bits of red, green and blue (FNV-1a over the prompt's bytes)."""
    colour = 0x811C9DC5
    for byte in prompt.encode():
        colour = (colour ^ byte) * 0x01000193 & 0xFFFFFFFF
    return colour >> 8
