import type { Level } from "./host/stand-in.ts";

// What the engine itself has for the globals that `ambient.ts` replaces.

const output = globalThis.console;

/** The engine's own class of dates. */
export const EngineDate = globalThis.Date;

/** The engine's own `crypto`, of which all but its randomness is usable. */
export const engineCrypto = globalThis.crypto;

/** A line in the output of the build. */
export function print(level: Level, message: string): void {
  output.log(`${level}: ${message}`);
}
