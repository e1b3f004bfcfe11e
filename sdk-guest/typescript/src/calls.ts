import { enter } from "#host";
import { describe, failure, Invalid, Refused, Unavailable } from "./failure.ts";
import { error, warn } from "./log.ts";
import { guarded, type Soon } from "./soon.ts";
import { deny, type Verdict } from "./verdict.ts";

// The host's calls, each with what becomes of an exception. The engine takes what a hook with a failure throws for that
// failure; from a hook without one an exception ends the instance.

/** Runs `forward` or `streaming`. */
export function answering<T>(run: () => Soon<T>): Soon<T> {
  enter();
  return guarded(run, (thrown) => {
    throw failure(thrown);
  });
}

/** Runs a gate that may deny. */
export function judging(gate: string, run: () => Soon<Verdict>): Soon<Verdict> {
  enter();
  return guarded(run, (thrown) => {
    if (thrown instanceof Refused || thrown instanceof Invalid || thrown instanceof Unavailable) {
      return deny(thrown.message);
    }
    throw reported(gate, thrown);
  });
}

/** Runs `priority`. */
export function ranking(run: () => Soon<number>): Soon<number> {
  enter();
  return guarded(run, (thrown) => {
    // A caller does not pay for it, and an order is not worth an instance.
    if (thrown instanceof Unavailable) {
      warn(`priority: ${thrown.message}`);
      return 0;
    }
    throw reported("priority", thrown);
  });
}

/** Runs `init`, whose failure is a text. */
export function lifting(run: () => Soon<void>): Soon<void> {
  enter();
  return guarded(run, (thrown) => {
    throw describe(thrown);
  });
}

/** A gate has no way to say that it failed: the log says why, and the host answers with status 500. */
function reported(gate: string, thrown: unknown): unknown {
  error(`${gate}: ${describe(thrown)}`);
  return thrown;
}
