// A miner to copy: two synapses of the Python guide, one whose body the caller signs, and one that streams.
//
// There is no model in here. Texts and images are made by simple, repeatable work on the prompt, so that the answers
// can be checked; put a call to your own model in its place.
//
// Layout
// - text.ts: `TextGeneration` and `HashedText`
// - image.ts: `ImageGeneration`
// - stream.ts: `TextStream`
// - gate.ts: who is served, and in which order

import { Axon } from "soma-sdk";

import * as gates from "./gate.ts";
import { draw, ImageGeneration } from "./image.ts";
import { stream, TextStream } from "./stream.ts";
import { generate, HashedText, reverse, TextGeneration } from "./text.ts";

const axon = new Axon()
  .attach(TextGeneration, generate, gates)
  .attach(ImageGeneration, draw, gates)
  .attach(HashedText, reverse, gates)
  .attach(TextStream, stream, gates);

export const { forward, streaming, blacklist, priority } = axon.hooks;
