"""A miner to copy: two synapses of the Python guide, one whose body the caller signs, and one that streams.

There is no model in here. Texts and images are made by simple, repeatable work on the prompt, so that the answers can
be checked; put your own work in its place.
"""

import soma as bt

import gate
import image
import stream
import text

bt.axon.attach(text.generate, gate.blacklist, gate.priority)
bt.axon.attach(image.draw, gate.blacklist, gate.priority)
bt.axon.attach(text.reverse, gate.blacklist, gate.priority)
bt.axon.attach(stream.stream, gate.blacklist, gate.priority)
