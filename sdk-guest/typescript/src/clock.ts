import { nowMs } from "#host";

/** The time of day. The manifest has to want `clock`. */
export const clock = {
  /** Milliseconds since 1970, UTC. The host may round it. */
  nowMs(): number {
    return nowMs();
  },
};
