import { error } from "./log.ts";

/** Whether to turn a caller away, as in the Python guide: true is "blacklisted", the text is the reason. */
export type Judgement = readonly [boolean, string] | boolean;

/** The answer of a gate, as the contract has it. */
export type Verdict = { tag: "allow" } | { tag: "deny"; val: string };

/** The caller may pass. */
export const ALLOW: Verdict = { tag: "allow" };

/** The caller may not pass. */
export function deny(reason: string): Verdict {
  return { tag: "deny", val: reason };
}

/** Of what a blacklist returned. */
export function verdict(judgement: Judgement): Verdict {
  const [denied, reason] = typeof judgement === "boolean" ? [judgement, "blacklisted"] : judgement;
  return denied ? deny(reason) : ALLOW;
}

/** What cannot be read was not checked, and so does not pass; why is for the log. */
export function unreadable(thrown: unknown): Verdict {
  error(thrown);
  return deny("the body cannot be checked");
}

