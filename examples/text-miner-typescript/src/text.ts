// Texts.

import { debug, Invalid, Synapse } from "soma-sdk";

/** Names this build in every answer, so that a caller sees which version served it. */
export const MODEL = "text-miner 0.1.0";

/** The synapse of the Python guide. */
export class TextGeneration extends Synapse {
  /** What the text starts from. */
  prompt = "";
  /** Most words of the answer. */
  max_tokens = 100;
  /** 0 to 2. Here it only says how far the words are rotated. */
  temperature = 0.7;
  /** The answer. */
  generated_text: string | null = null;
  /** Name and version of what wrote it. */
  model_name: string | null = null;
}

/** Unicode's white space. `\s` takes one character more and one less, and the engine knows no `\p{White_Space}`. */
const BLANKS = /[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

/** The words of a text in upper case. */
export function words(text: string): string[] {
  return text.split(BLANKS).filter((word) => word !== "").map((word) => word.toUpperCase());
}

/**
 * Stands in for a language model: the prompt's words in upper case, rotated by ten times the temperature, cut after
 * `max_tokens` words. Temperature 0 keeps their order. Throws `Invalid` when the prompt has no word.
 */
export function generate(synapse: TextGeneration): TextGeneration {
  const all = words(synapse.prompt);
  if (all.length === 0) {
    throw new Invalid("prompt: there is no word in it");
  }
  const shift = Math.trunc(Math.min(Math.max(synapse.temperature, 0), 2) * 10) % all.length;
  const rotated = [...all.slice(shift), ...all.slice(0, shift)].slice(0, synapse.max_tokens);
  debug(`${rotated.length} words of at most ${synapse.max_tokens}`);
  synapse.generated_text = rotated.join(" ");
  synapse.model_name = MODEL;
  return synapse;
}

/** A synapse with hash fields: the caller's signature covers `prompt` and `max_tokens`. */
export class HashedText extends Synapse {
  /** What to reverse. */
  prompt = "";
  /** Not used; it is here because it is part of the hash. */
  max_tokens = 100;
  /** Not used, and not part of the hash. */
  tags: string[] = [];
  /** The answer. */
  output: string | null = null;
}

/** The prompt, last character first. */
export function reverse(synapse: HashedText): HashedText {
  synapse.output = [...synapse.prompt].reverse().join("");
  return synapse;
}
