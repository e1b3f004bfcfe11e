/** What was asked makes no sense: the caller gets status 422 and the message (printable ASCII, 200 bytes of it). */
export class Invalid extends Error {
  override readonly name = "Invalid";
}

/** Understood, but this caller does not get it: status 403 and the message. In a gate it denies. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/** Not now, for example because a model server is down: status 503 and the message. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

/** A failure as the contract has it. */
export interface Failure {
  tag: "invalid" | "refused" | "unavailable" | "internal";
  val: string;
}

/** What the host is told of something that was thrown. All but the three classes above is the plugin's own fault. */
export function failure(thrown: unknown): Failure {
  if (thrown instanceof Invalid) {
    return { tag: "invalid", val: thrown.message };
  }
  if (thrown instanceof Refused) {
    return { tag: "refused", val: thrown.message };
  }
  if (thrown instanceof Unavailable) {
    return { tag: "unavailable", val: thrown.message };
  }
  return { tag: "internal", val: describe(thrown) };
}

/** How many causes of an error are told. */
const CAUSES = 3;

/** How many places of a stack are told: a line of the log has 1 KiB. */
const PLACES = 8;

/** Where the engine's glue is called from; it is no help to an author. */
const GLUE = /initializer\.js/;

/** An error with its class, its message and where it came from, in one line for the log. */
export function describe(thrown: unknown, causes: number = CAUSES): string {
  try {
    if (!(thrown instanceof Error)) {
      return `something that is no Error was thrown: ${String(thrown)}`;
    }
    const title = thrown.message === "" ? thrown.name : `${thrown.name}: ${thrown.message}`;
    const stack = (thrown.stack ?? "").trim();
    const places = (stack.startsWith(title) ? stack.slice(title.length) : stack).split("\n").map((place) => place.trim());
    const told = places.filter((place) => place !== "" && !GLUE.test(place)).slice(0, PLACES);
    const shown = told.length === 0 ? title : `${title} (${told.join(", ")})`;
    if (thrown.cause === undefined || causes === 0) {
      return shown;
    }
    return `${shown}; caused by ${describe(thrown.cause, causes - 1)}`;
  } catch {
    // A getter or `toString` of what was thrown has thrown in its turn.
    return "something was thrown that cannot be described";
  }
}
