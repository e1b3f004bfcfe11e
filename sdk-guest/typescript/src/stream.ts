import { Unavailable } from "./failure.ts";
import { bytes, isPiece } from "./reply.ts";

/** The host's end of a streamed answer. */
export interface HostStream {
  write(chunk: Uint8Array): void;
  [Symbol.dispose]?(): void;
}

/** What a streaming function may write. */
export type Piece = string | Uint8Array;

/** Where a streaming function writes its answer, piece by piece. It ends when the function returns. */
export class ResponseStream {
  readonly #host: HostStream;
  #over: Unavailable | undefined;

  constructor(host: HostStream) {
    this.#host = host;
  }

  /**
   * Sends a piece at once. Waits while the caller is slow. An empty piece sends nothing.
   *
   * Throws `Unavailable` when the caller is gone or the answer is too large. The answer is over then.
   */
  write(piece: Piece): void {
    // The host ends a plugin that writes after a refusal.
    if (this.#over !== undefined) {
      throw this.#over;
    }
    if (!isPiece(piece)) {
      throw new TypeError("a piece of a streamed answer has to be a text or a Uint8Array");
    }
    try {
      this.#host.write(bytes(piece));
    } catch (thrown) {
      this.#over = new Unavailable(isLimit(thrown) ? "the answer is too large" : "the caller is gone");
      throw this.#over;
    }
  }
}

/** The engine throws the contract's error itself, or something that carries it and is no Error of this realm. */
function isLimit(thrown: unknown): boolean {
  const carries = typeof thrown === "object" && thrown !== null && "payload" in thrown;
  return thrown === "limit" || (carries && thrown.payload === "limit");
}

/** Gives the host its stream back: the engine would keep it until its next collection. */
export function release(host: HostStream): void {
  host[Symbol.dispose]?.();
}
