import { answering, judging, lifting, ranking } from "./calls.ts";
import { type Reply, wire, type WireReply } from "./reply.ts";
import type { Request } from "./request.ts";
import { after, lastly, type Soon } from "./soon.ts";
import { type HostStream, type Piece, release, ResponseStream } from "./stream.ts";
import { read, type Synapse, type SynapseClass } from "./synapse.ts";
import { ALLOW, type Judgement, unreadable, verdict, type Verdict } from "./verdict.ts";

/** What a forward function may return: the synapse, some of its fields, or a {@link Reply}. */
export type Answer<T extends Synapse> = T | Partial<T> | Reply;

/** Answers a request. */
export type Forward<T extends Synapse> = (synapse: T, request: Request) => Soon<Answer<T>>;

/** Pieces that a generator makes, or nothing from a function that writes to `out`. */
export type Pieces = Iterable<Piece> | AsyncIterable<Piece> | Soon<void>;

/** Answers a request piece by piece: a generator, or a function that writes to `out`. */
export type Streaming<T extends Synapse> = (synapse: T, request: Request, out: ResponseStream) => Pieces;

/** {@link Forward} or {@link Streaming}; which of them it is, is seen from what it returns. */
export type Handler<T extends Synapse> = (
  synapse: T,
  request: Request,
  out: ResponseStream,
) => Soon<Answer<T>> | Pieces;

/** Checks that come before the answer. */
export interface Gates<T> {
  /** Turns callers away with status 403. Throwing `Refused` and the like does the same. */
  blacklist?: (request: Request) => Soon<Judgement>;
  /** Checks a request with its body: throwing `Refused`, `Invalid` or `Unavailable` turns it away with 401. */
  verify?: (request: Request, synapse: T) => Soon<void>;
  /** Orders the queue: higher is served first. */
  priority?: (request: Request) => Soon<number>;
}

/** Answers a route whose body is not read for the author, for example because it is no JSON. */
export type BytesHandler = (body: Uint8Array, request: Request, out: ResponseStream) => Soon<Reply> | Pieces;

/** Every hook, as the engine wants them exported. */
export interface Hooks {
  readonly forward: { forward(request: Request, body: Uint8Array): Soon<WireReply> };
  readonly streaming: { forward(request: Request, body: Uint8Array, out: HostStream): Soon<void> };
  readonly blacklist: { check(request: Request): Soon<Verdict> };
  readonly verify: { check(request: Request, body: Uint8Array): Soon<Verdict> };
  readonly priority: { rank(request: Request): Soon<number> };
  /** No hook of the manifest: export it where {@link Axon.init} was given something. */
  readonly lifecycle: { init(): Soon<void> };
}

/** One route, with its types forgotten. */
interface Route {
  read(body: Uint8Array): unknown;
  run(body: unknown, request: Request, out?: ResponseStream): unknown;
  gates: Gates<never>;
}

/**
 * The routes of a plugin. What the manifest's `hooks` names has to be exported:
 *
 * ```ts
 * const axon = new Axon().attach(TextGeneration, generate, { blacklist, priority }).attach(TextStream, stream);
 * export const { forward, streaming, blacklist, priority } = axon.hooks;
 * ```
 */
export class Axon {
  readonly #routes = new Map<string, Route>();
  #gates: Gates<never> = {};
  #init: () => Soon<void> = () => undefined;

  /** Answers the route of this class. A generator, or a function that writes to its third argument, streams. */
  attach<T extends Synapse>(type: SynapseClass<T>, forward: Handler<T>, gates: Gates<T> = {}): this {
    const run = forward as Route["run"];
    return this.#add(type.route ?? type.name, { read: (body) => read(type, body), run, gates: gates as Gates<never> });
  }

  /** Answers a route whose body is handed over as bytes. */
  attachBytes(route: string, forward: BytesHandler, gates: Gates<Uint8Array> = {}): this {
    return this.#add(route, { read: (body) => body, run: forward as Route["run"], gates: gates as Gates<never> });
  }

  /** The gates of every route that has none of its own kind; a plugin that only gates has no others. */
  gate(gates: Pick<Gates<never>, "blacklist" | "priority">): this {
    this.#gates = gates;
    return this;
  }

  /**
   * Gets an instance ready that serves more than one request; a fresh one does not run it. What is thrown keeps the
   * instance from serving. Has to be exported as `lifecycle`.
   */
  init(prepare: () => Soon<void>): this {
    this.#init = prepare;
    return this;
  }

  #add(name: string, route: Route): this {
    if (this.#routes.has(name)) {
      throw new Error(`the route "${name}" is attached twice`);
    }
    this.#routes.set(name, route);
    return this;
  }

  #route(request: Request): Route {
    const route = this.#routes.get(request.route);
    if (route === undefined) {
      throw new Error(`plugin.toml has a route "${request.route}" that nothing is attached to`);
    }
    return route;
  }

  /** The hooks to export. */
  get hooks(): Hooks {
    return {
      forward: { forward: (request, body) => answering(() => this.#forward(request, body)) },
      streaming: { forward: (request, body, out) => answering(() => this.#stream(request, body, out)) },
      blacklist: { check: (request) => judging("blacklist", () => this.#blacklist(request)) },
      verify: { check: (request, body) => judging("verify", () => this.#verify(request, body)) },
      priority: { rank: (request) => ranking(() => this.#priority(request)) },
      lifecycle: { init: () => lifting(this.#init) },
    };
  }

  #forward(request: Request, body: Uint8Array): Soon<WireReply> {
    const route = this.#route(request);
    return after(route.run(route.read(body), request), wire);
  }

  #stream(request: Request, body: Uint8Array, host: HostStream): Soon<void> {
    const out = new ResponseStream(host);
    return lastly(
      () => {
        const route = this.#route(request);
        return after(route.run(route.read(body), request, out), (pieces) => pour(pieces, out));
      },
      () => release(host),
    );
  }

  #blacklist(request: Request): Soon<Verdict> {
    const ask = this.#routes.get(request.route)?.gates.blacklist ?? this.#gates.blacklist;
    return ask === undefined ? ALLOW : after(ask(request), verdict);
  }

  #verify(request: Request, body: Uint8Array): Soon<Verdict> {
    const route = this.#routes.get(request.route);
    const check = route?.gates.verify;
    if (route === undefined || check === undefined) {
      return ALLOW;
    }
    let synapse: unknown;
    try {
      synapse = route.read(body);
    } catch (thrown) {
      return unreadable(thrown);
    }
    return after(check(request, synapse as never), () => ALLOW);
  }

  #priority(request: Request): Soon<number> {
    const rank = this.#routes.get(request.route)?.gates.priority ?? this.#gates.priority;
    return rank === undefined ? 0 : rank(request);
  }
}

/** Sends what a streaming function returned. */
function pour(pieces: unknown, out: ResponseStream): Soon<void> {
  if (pieces === undefined) {
    return;
  }
  if (typeof pieces === "object" && pieces !== null && Symbol.asyncIterator in pieces) {
    return pourLater(pieces as AsyncIterable<Piece>, out);
  }
  if (typeof pieces !== "object" || pieces === null || !(Symbol.iterator in pieces)) {
    throw new TypeError("a streaming function has to be a generator or to write to its third argument");
  }
  for (const piece of pieces as Iterable<Piece>) {
    out.write(piece);
  }
}

async function pourLater(pieces: AsyncIterable<Piece>, out: ResponseStream): Promise<void> {
  for await (const piece of pieces) {
    out.write(piece);
  }
}
