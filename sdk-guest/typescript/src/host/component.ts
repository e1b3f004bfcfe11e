/// <reference path="../contract.d.ts" />
import { nowMs as hostNow } from "soma:neuron/clock@0.1.0";
import { get } from "soma:neuron/config@0.1.0";
import { log as hostLog, type Level } from "soma:neuron/log@0.1.0";
import * as hostGraph from "soma:neuron/metagraph@0.1.0";
import { bytes } from "soma:neuron/random@0.1.0";
import { install } from "../ambient.ts";
import { print } from "../engine.ts";

// The host as a component sees it. The module's own code runs once, when the plugin is built; its state then is what
// every instance starts with. There is no host at that time.

export type { Level };

let running = false;

install(() => running);

/** The first hook of an instance begins. */
export function enter(): void {
  running = true;
}

/** Without a host the line goes to the output of the build. */
export function log(level: Level, message: string): void {
  if (running) {
    hostLog(level, message);
  } else {
    print(level, message);
  }
}

export function nowMs(): number {
  return there("the clock", hostNow);
}

export function randomBytes(len: number): Uint8Array {
  return there("randomness", () => bytes(len));
}

export function setting(key: string): string | null | undefined {
  return there("the configuration", () => get(key));
}

/** The functions of the contract's metagraph. */
export function graph(): typeof hostGraph {
  return there("the metagraph", () => hostGraph);
}

function there<T>(what: string, ask: () => T): T {
  if (!running) {
    throw new Error(`${what} is not there while the plugin is built: ask for it in a function, not at the top of a file`);
  }
  return ask();
}
