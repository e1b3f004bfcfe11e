import { describe } from "./failure.ts";

/** Most characters of one line: the host cuts at 1 KiB anyway. */
const LONGEST = 4096;

/** A line out of what `console.log` was given: texts as they are, errors with their stack, the rest as JSON. */
export function line(parts: unknown[]): string {
  return parts.map(shown).join(" ").slice(0, LONGEST);
}

function shown(part: unknown): string {
  switch (typeof part) {
    case "string":
      return part;
    case "bigint":
      return `${part}n`;
    case "function":
      return `[function ${part.name}]`;
    case "object":
      return part === null ? "null" : object(part);
    default:
      return String(part);
  }
}

function object(part: object): string {
  if (part instanceof Error) {
    return describe(part);
  }
  // The way from the root to what is being written: an object that stands on it already would never end.
  const open: unknown[] = [];
  try {
    const text = JSON.stringify(part, function (this: unknown, _key, value: unknown) {
      while (open.length > 0 && open.at(-1) !== this) {
        open.pop();
      }
      const plain = simplified(value);
      if (typeof plain === "object" && plain !== null) {
        if (open.includes(plain)) {
          return "[circular]";
        }
        open.push(plain);
      }
      return plain;
    });
    return text ?? "undefined";
  } catch {
    return "[an object that cannot be shown]";
  }
}

/** What JSON has no form for, in one that says as much. */
function simplified(value: unknown): unknown {
  if (typeof value === "bigint") {
    return `${value}n`;
  }
  if (value instanceof Error) {
    return describe(value);
  }
  if (value instanceof Map || value instanceof Set) {
    return Array.from(value as Iterable<unknown>);
  }
  return ArrayBuffer.isView(value) ? `[${value.byteLength} bytes]` : value;
}
