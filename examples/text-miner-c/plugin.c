// A miner to copy: two synapses of the Python guide, one whose body the caller signs, and one that streams.
//
// There is no model in here. Texts and images are made by simple, repeatable work on the prompt, so that the answers
// can be checked; put a call to your own model in its place.
#include "miner.h"

SOMA_PLUGIN(
    .forward = SOMA_ROUTES({"TextGeneration", generate}, {"ImageGeneration", draw}, {"HashedText", reverse}),
    .streaming = SOMA_STREAMS({"TextStream", stream}),
    .blacklist = blacklist,
    .priority = priority)
