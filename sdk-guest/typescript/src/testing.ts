// For an author's tests on their own machine; a component has none of it.

import { configure as set } from "./host/stand-in.ts";
import type { Request } from "./request.ts";
import { type HostStream, ResponseStream } from "./stream.ts";

/** Sets what `config.get` answers; `undefined` unsets it. */
export function configure(key: string, value: string | undefined): void {
  set(key, value);
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
      hotkey: "5C4hrfjw9DjXZTzV3MwzrrAr9P1MJhSrvWGWqi1eSuyUpnhM",
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
