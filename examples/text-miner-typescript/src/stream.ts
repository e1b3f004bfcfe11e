// Texts that are read while they are made.

import { debug, Invalid, Synapse, type Request } from "soma-sdk";

import { words } from "./text.ts";

/** A text in pieces. There is no field for the answer: the pieces are the answer. */
export class TextStream extends Synapse {
  /** What the text starts from. */
  prompt = "";
  /** Most words of the answer. */
  max_tokens = 100;
}

/**
 * Stands in for a language model that streams: the prompt's words in upper case, one after another. Throws `Invalid`
 * when there is no word to write; nothing has been written then.
 */
export function* stream(synapse: TextStream, request: Request): Generator<string> {
  const [first, ...rest] = words(synapse.prompt).slice(0, synapse.max_tokens);
  if (first === undefined) {
    throw new Invalid("there is no word to write");
  }
  debug(`streaming to ${request.caller.hotkey}`);
  yield first;
  for (const word of rest) {
    yield ` ${word}`;
  }
}
