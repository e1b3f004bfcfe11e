/** An answer with more than a JSON body. In the synapse dialect only its body counts. */
export class Reply {
  /** Text or bytes are sent as they are; anything else is sent as JSON. */
  readonly body: string | Uint8Array | object;
  /** Media type, `application/json` by default. At most 200 bytes of printable ASCII. */
  readonly contentType: string | undefined;
  /** 200 to 499; 200 by default. */
  readonly status: number | undefined;

  constructor(body: string | Uint8Array | object, options: { contentType?: string; status?: number } = {}) {
    this.body = body;
    this.contentType = options.contentType;
    this.status = options.status;
  }
}

/** A reply as the contract has it. */
export interface WireReply {
  body: Uint8Array;
  contentType: string | undefined;
  status: number | undefined;
}

const utf8 = new TextEncoder();

/** Text as UTF-8, bytes as they are. */
export function bytes(piece: string | Uint8Array): Uint8Array {
  return typeof piece === "string" ? utf8.encode(piece) : piece;
}

/** Of what a forward function returned. */
export function wire(answer: unknown): WireReply {
  if (answer instanceof Reply) {
    const { body, contentType, status } = answer;
    return { body: isPiece(body) ? bytes(body) : json(body), contentType, status };
  }
  return { body: json(answer), contentType: undefined, status: undefined };
}

/** Whether it can be sent without more ado. */
export function isPiece(value: unknown): value is string | Uint8Array {
  return typeof value === "string" || value instanceof Uint8Array;
}

function json(answer: unknown): Uint8Array {
  if (typeof answer !== "object" || answer === null || Array.isArray(answer) || isPiece(answer)) {
    throw new TypeError("a forward function has to return an object, for example its synapse");
  }
  if (Symbol.iterator in answer || Symbol.asyncIterator in answer) {
    throw new TypeError("a generator streams: give this route `stream` in plugin.toml");
  }
  return utf8.encode(JSON.stringify(answer));
}
