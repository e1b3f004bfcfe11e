// The host's place in a test on the author's machine.

import type { Absence, Neuron, Subnet } from "../metagraph.ts";

/** How important a line is. */
export type Level = "trace" | "debug" | "info" | "warn" | "error";

const settings = new Map<string, string>();

/** Sets what `setting` answers. */
export function configure(key: string, value: string | undefined): void {
  if (value === undefined) {
    settings.delete(key);
  } else {
    settings.set(key, value);
  }
}

/** The first hook of an instance begins. */
export function enter(): void {}

export function log(level: Level, message: string): void {
  console.error(`${level}: ${message}`);
}

export function nowMs(): number {
  return Date.now();
}

export function randomBytes(len: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(len));
}

export function setting(key: string): string | null | undefined {
  return settings.get(key);
}

/** The subnet and its neurons by uid, or why there are none. */
let known: { subnet: Subnet; members: Neuron[] } | Absence = "offline";

/** Sets what `graph` answers. */
export function register(subnet: typeof known): void {
  known = subnet;
}

function there(): Exclude<typeof known, Absence> {
  if (typeof known === "string") {
    throw known;
  }
  return known;
}

/** The functions of the contract's metagraph. */
export function graph() {
  return {
    current: (): Subnet => there().subnet,
    byUid: (uid: number): Neuron | undefined => there().members.find((member) => member.uid === uid),
    byHotkey: (hotkey: string): Neuron | undefined => there().members.find((member) => member.hotkey === hotkey),
    // So many at once as the host hands over.
    neurons: (start: number): Neuron[] => there().members.filter((member) => member.uid >= start).slice(0, 256),
  };
}
