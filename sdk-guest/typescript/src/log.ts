import { log as write, type Level } from "#host";
import { line } from "./format.ts";

export type { Level };

/**
 * Writes one line to the host's log, marked with slot, version and request. Takes what `console.log` takes. The host
 * cuts what is longer than 1 KiB a line or 64 KiB a call (its defaults).
 */
export function log(level: Level, ...parts: unknown[]): void {
  write(level, line(parts));
}

/** A line at level `trace`. */
export const trace = (...parts: unknown[]): void => log("trace", ...parts);
/** A line at level `debug`. */
export const debug = (...parts: unknown[]): void => log("debug", ...parts);
/** A line at level `info`. */
export const info = (...parts: unknown[]): void => log("info", ...parts);
/** A line at level `warn`. */
export const warn = (...parts: unknown[]): void => log("warn", ...parts);
/** A line at level `error`. */
export const error = (...parts: unknown[]): void => log("error", ...parts);
