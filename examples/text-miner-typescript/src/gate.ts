// Who is served, and in which order.

import { config, error, type Request } from "soma-sdk";

/**
 * Turns away the hotkeys in the operator's setting `deny`, a JSON list. A setting that is no such list turns everybody
 * away: it was meant to keep somebody out.
 */
export function blacklist(request: Request): [boolean, string] {
  try {
    const denied = config.texts("deny")?.includes(request.caller.hotkey) ?? false;
    return [denied, "this hotkey is denied"];
  } catch (problem) {
    error(problem);
    return [true, "not open for requests"];
  }
}

/** The more stake, the sooner. */
export function priority(request: Request): number {
  return request.caller.stake;
}
