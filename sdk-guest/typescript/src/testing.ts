// For an author's tests on their own machine; a component has none of it.

import { configure as set, register as setNeurons } from "./host/stand-in.ts";
import type { Absence, Neuron, Subnet } from "./metagraph.ts";
import type { Request } from "./request.ts";
import { type HostStream, ResponseStream } from "./stream.ts";

/** Sets what `config.get` answers; `undefined` unsets it. */
export function configure(key: string, value: string | undefined): void {
  set(key, value);
}

/** An address. */
const SOMEBODY = "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM";

/** Sets what `metagraph` answers: a subnet with these neurons. Before it there is none (`offline`). */
export function register(neurons: readonly Neuron[], subnet: Partial<Subnet> = {}): void {
  const members = [...neurons].sort((one, other) => one.uid - other.uid);
  const size = (members.at(-1)?.uid ?? -1) + 1;
  setNeurons({ subnet: { netuid: 1, block: 1000, size, ownUid: undefined, ...subnet }, members });
}

/** Sets that there is no metagraph, and why. */
export function registerNobody(absence: Absence): void {
  setNeurons(absence);
}

/** A neuron with this stake in alpha and nothing else: no permit, no axon. Every field may be changed. */
export function neuron(uid: number, hotkey: string, stake: number, changes: Partial<Neuron> = {}): Neuron {
  return {
    uid,
    hotkey,
    coldkey: SOMEBODY,
    stake,
    alphaStake: stake,
    taoStake: 0,
    emission: 0,
    consensus: 0,
    incentive: 0,
    dividends: 0,
    validatorTrust: 0,
    validatorPermit: false,
    active: false,
    lastUpdate: 0,
    axon: undefined,
    ...changes,
  };
}

/**
 * A synapse request for `route` from an unregistered caller without stake, at this moment, with 12 seconds to answer.
 * Every field may be changed.
 */
export function request(route: string): Request {
  return {
    id: "test",
    route,
    target: `/${route}`,
    caller: {
      hotkey: SOMEBODY,
      uid: undefined,
      stake: 0,
      validatorPermit: false,
      ip: "127.0.0.1",
      bodyBound: false,
    },
    dialect: "synapse",
    method: "POST",
    headers: [],
    contentType: "application/json",
    bodyLen: 0,
    receivedMs: Date.now(),
    deadlineMs: 12_000,
  };
}

/** Stands in for the caller of a streaming function: takes what is written to its stream. */
export class Listener implements HostStream {
  /** The pieces so far, as text. */
  readonly heard: string[] = [];
  readonly #patience: number;

  /** Hangs up after so many pieces; never by default. */
  constructor(patience: number = Infinity) {
    this.#patience = patience;
  }

  /** What the streaming function is given. */
  get stream(): ResponseStream {
    return new ResponseStream(this);
  }

  write(chunk: Uint8Array): void {
    if (this.heard.length >= this.#patience) {
      throw "closed";
    }
    if (chunk.length > 0) {
      this.heard.push(new TextDecoder().decode(chunk));
    }
  }
}
