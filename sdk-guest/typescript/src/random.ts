import { randomBytes } from "#host";

/** Most bytes that the host gives at once; it ends a plugin that asks for more. */
const MOST = 65536;

/** Randomness from the operating system's secure source. The manifest has to want `random`. */
export const random = {
  /** So many random bytes. */
  bytes(len: number): Uint8Array {
    if (!Number.isInteger(len) || len < 0 || len > MOST) {
      throw new RangeError(`random bytes come 0 to ${MOST} at once`);
    }
    return randomBytes(len);
  },

  /** An even choice among 0 to `bound` - 1, for a bound of 1 to 2^32. */
  below(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError("the bound has to be an integer from 1 to 2^32");
    }
    // The top of the range that is no multiple of `bound` is thrown away, so that no value is more likely.
    const fair = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const word = new DataView(bytesOf(4).buffer).getUint32(0);
      if (word < fair) {
        return word % bound;
      }
    }
  },

  /** 0 up to, but not, 1, in steps of 2^-53. */
  unit(): number {
    const words = new DataView(bytesOf(8).buffer);
    return ((words.getUint32(0) >>> 5) * 2 ** 26 + (words.getUint32(4) >>> 6)) / 2 ** 53;
  },
};

/** A copy that starts at the beginning of its buffer. */
function bytesOf(len: number): Uint8Array {
  return Uint8Array.from(randomBytes(len));
}
