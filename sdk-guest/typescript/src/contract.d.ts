// The contract's imports as the component engine offers them to JavaScript. What a plugin's manifest does not want
// is replaced by the build with a module of the same shape that says which line to add.

declare module "soma:neuron/log@0.1.0" {
  /** How important a line is. */
  export type Level = "trace" | "debug" | "info" | "warn" | "error";
  /** Writes one line. */
  export function log(level: Level, message: string): void;
}

declare module "soma:neuron/clock@0.1.0" {
  /** Milliseconds since 1970, UTC. */
  export function nowMs(): number;
}

declare module "soma:neuron/random@0.1.0" {
  /** `len` random bytes, 65536 at most. */
  export function bytes(len: number): Uint8Array;
}

declare module "soma:neuron/config@0.1.0" {
  /** The text of a setting, nothing when the operator did not set it. */
  export function get(key: string): string | null | undefined;
}

declare module "soma:neuron/metagraph@0.1.0" {
  type Neuron = import("./metagraph.ts").Neuron;
  /** What is to be seen. These throw an `Absence` when there is no metagraph. */
  export function current(): import("./metagraph.ts").Subnet;
  /** Nothing when there is no such uid. */
  export function byUid(uid: number): Neuron | null | undefined;
  /** Nothing when nobody is registered with this hotkey. */
  export function byHotkey(hotkey: string): Neuron | null | undefined;
  /** From this uid on, 256 at most. */
  export function neurons(start: number): Neuron[];
}
