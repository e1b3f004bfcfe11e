/**
 * What a route's classes extend: each field with its default is a field of the body.
 *
 * ```ts
 * class TextGeneration extends Synapse {
 *   prompt = "";
 *   max_tokens = 100;
 *   generated_text: string | null = null;
 * }
 * ```
 *
 * The route has the class's name, or that of the class's `static route`. Types of fields are checked by the route's
 * schema, in the host and before any hook runs: give the route one. Numbers are JavaScript's: a JSON integer beyond
 * 2^53 loses its last digits, so send larger ones as strings.
 */
export abstract class Synapse {
  /** The route's name where it is not the class's. */
  static route?: string;
}

/** A class of synapses. */
export interface SynapseClass<T extends Synapse> {
  new (): T;
  readonly name: string;
  readonly route?: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The body as an object of the class: its declared fields, and no other.
 *
 * The host has checked the body before: one that cannot be read is the plugin's fault, and the error is for the log.
 */
export function read<T extends Synapse>(type: SynapseClass<T>, body: Uint8Array): T {
  const sent: unknown = JSON.parse(utf8.decode(body));
  if (typeof sent !== "object" || sent === null || Array.isArray(sent)) {
    throw new TypeError("the body is no JSON object: `attachBytes` takes any body");
  }
  const synapse = new type();
  // Only what the class declares: a body cannot reach methods, accessors or the prototype.
  for (const field of Object.keys(synapse)) {
    if (Object.hasOwn(sent, field)) {
      (synapse as Record<string, unknown>)[field] = (sent as Record<string, unknown>)[field];
    }
  }
  return synapse;
}
