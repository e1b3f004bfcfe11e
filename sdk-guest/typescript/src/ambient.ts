import { nowMs, randomBytes } from "#host";
import { EngineDate, engineCrypto } from "./engine.ts";
import { log } from "./log.ts";
import { random } from "./random.ts";

// The engine is built without a system under it: its console prints nowhere, its clock stands still, its random numbers
// are the same in every instance, and its timers and its network end the instance. These are the globals that a library
// expects, on the host's log, clock and randomness. A component runs this before anything of the author's; a test does
// not.

/** A console that writes to the host's log, each method at its level. */
const hostConsole = {
  log: (...parts: unknown[]) => log("info", ...parts),
  info: (...parts: unknown[]) => log("info", ...parts),
  warn: (...parts: unknown[]) => log("warn", ...parts),
  error: (...parts: unknown[]) => log("error", ...parts),
  debug: (...parts: unknown[]) => log("debug", ...parts),
  trace: (...parts: unknown[]) => log("trace", ...parts),
  dir: (part: unknown) => log("info", part),
  assert: (holds: unknown, ...parts: unknown[]) => {
    if (!holds) {
      log("error", "assertion failed", ...parts);
    }
  },
};

/** A date without arguments is now; everything else is the engine's. */
const HostDate = new Proxy(EngineDate, {
  construct: (target, parts, newTarget) =>
    Reflect.construct(target, parts.length === 0 ? [EngineDate.now()] : parts, newTarget),
  apply: () => new EngineDate(EngineDate.now()).toString(),
});

const engineNow = EngineDate.now;
let started: number | undefined;

/** Milliseconds since the first question of this instance. */
function elapsed(): number {
  const now = nowMs();
  started ??= now;
  return now - started;
}

/** Fills any typed array of integers, as the standard has it: at most 64 KiB. */
function fill<T extends ArrayBufferView>(view: T): T {
  if (view instanceof Float32Array || view instanceof Float64Array || view instanceof DataView) {
    throw new TypeError("getRandomValues wants a typed array of integers");
  }
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength).set(random.bytes(view.byteLength));
  return view;
}

/** A random UUID of version 4. */
function uuid(): string {
  const bytes = Uint8Array.from(randomBytes(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

let timers = 0;
const waiting = new Set<number>();

/** "Soon" is all that there is: the contract has no way to wait. */
function soon(run: (...parts: unknown[]) => void, delay: number = 0, ...parts: unknown[]): number {
  if (delay > 0) {
    throw new Error("a plugin has no timers: setTimeout works with a delay of 0 only");
  }
  const timer = ++timers;
  waiting.add(timer);
  queueMicrotask(() => {
    if (waiting.delete(timer)) {
      run(...parts);
    }
  });
  return timer;
}

function none(what: string): () => never {
  return () => {
    throw new Error(what);
  };
}

function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}

/** Puts the host's globals in place of the engine's. */
export function install(isRunning: () => boolean): void {
  // Libraries read the clock at the top of a file too: that is at build time, when only the engine has one.
  define(EngineDate, "now", () => (isRunning() ? nowMs() : engineNow()));
  define(EngineDate.prototype, "constructor", HostDate);
  define(globalThis, "Date", HostDate);
  define(globalThis, "performance", { now: elapsed, timeOrigin: 0 });
  define(globalThis, "console", hostConsole);
  define(globalThis, "setTimeout", soon);
  define(globalThis, "clearTimeout", (timer: number) => waiting.delete(timer));
  define(globalThis, "setInterval", none("a plugin has no timers"));
  define(globalThis, "clearInterval", () => undefined);
  define(globalThis, "fetch", none("a plugin has no network"));
  define(Math, "random", () => random.unit());
  define(globalThis, "crypto", {
    getRandomValues: fill,
    randomUUID: uuid,
    subtle: engineCrypto?.subtle,
  });
}
