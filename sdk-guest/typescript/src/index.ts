// What the author of a Soma plugin in TypeScript or JavaScript imports.
//
// It reads and writes the JSON, turns exceptions into the contract's failures, and puts the host's log, clock and
// randomness behind `console`, `Date`, `Math.random` and `crypto`. It never imports anything outside `soma:neuron`,
// keeps state between two calls, or hides an error by answering something else.
//
// Layout
// - axon.ts: routes, and the hooks made of them
// - calls.ts, soon.ts: what becomes of exceptions and promises
// - synapse.ts: classes of synapses, and how one is read
// - reply.ts, stream.ts: answers in one piece, and piece by piece
// - verdict.ts: the answers of gates
// - failure.ts: what may be thrown, and how it is told
// - request.ts: who asks for what
// - log.ts, format.ts, config.ts, clock.ts, random.ts, metagraph.ts: what the host offers
// - ambient.ts, engine.ts: the globals, and what the engine has in their place
// - host/: the host in a component, and its stand-in in a test
// - testing.ts: requests, settings, listeners and a metagraph for an author's tests

export { Axon } from "./axon.ts";
export type { Answer, BytesHandler, Forward, Gates, Handler, Hooks, Pieces, Streaming } from "./axon.ts";
export { clock } from "./clock.ts";
export { config } from "./config.ts";
export { Invalid, Refused, Unavailable } from "./failure.ts";
export { debug, error, info, log, trace, warn } from "./log.ts";
export type { Level } from "./log.ts";
export { metagraph, NoMetagraph } from "./metagraph.ts";
export type { Absence, Neuron, Subnet } from "./metagraph.ts";
export { random } from "./random.ts";
export { Reply } from "./reply.ts";
export type { Caller, Request } from "./request.ts";
export { ResponseStream } from "./stream.ts";
export type { Piece } from "./stream.ts";
export { Synapse } from "./synapse.ts";
export type { SynapseClass } from "./synapse.ts";
export type { Judgement, Verdict } from "./verdict.ts";
