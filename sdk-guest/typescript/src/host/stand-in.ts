// The host's place in a test on the author's machine.

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
