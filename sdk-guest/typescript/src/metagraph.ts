import { graph } from "#host";
import { Unavailable } from "./failure.ts";

/** What is to be seen of the subnet. */
export interface Subnet {
  netuid: number;
  /** The block that all of this is of. */
  block: number;
  /** How many uids there are: they run from 0 to this, without it. */
  size: number;
  /** The host's own; nothing when its hotkey is not registered. */
  ownUid?: number | null | undefined;
}

/** One neuron. Amounts are whole alpha or TAO, scores run from 0 to 1. */
export interface Neuron {
  uid: number;
  /** ss58 address (format 42), as the other one. */
  hotkey: string;
  coldkey: string;
  /** As consensus counts it, in whole alpha: alpha and weighted TAO (the metagraph's S). */
  stake: number;
  /** The part of it that is alpha. */
  alphaStake: number;
  /** TAO behind it, before it is weighted. */
  taoStake: number;
  /** In whole alpha, for one tempo. */
  emission: number;
  consensus: number;
  incentive: number;
  dividends: number;
  validatorTrust: number;
  /** Whether it may set weights for others. */
  validatorPermit: boolean;
  /** Whether it has set weights lately. */
  active: boolean;
  /** Block of its last weights. */
  lastUpdate: number;
  /** Where it serves, `address:port`; nothing when it serves nothing, or names an address that is not global. */
  axon?: string | null | undefined;
}

/** Why there are no neurons to look at. */
export type Absence = "offline" | "unread" | "no-request";

/** What an absence is, in words for the operator. */
const WHY: Record<Absence, string> = {
  offline: "the host runs without a chain (--offline)",
  unread: "the host has no metagraph, or none that is fresh enough",
  "no-request": "there is no metagraph in `init`: it belongs to no request",
};

/** There is no metagraph to look at. Nothing is wrong with the plugin or with the caller. */
export class NoMetagraph extends Unavailable {
  readonly absence: Absence;

  constructor(absence: Absence) {
    super("the metagraph is not there at the moment");
    this.absence = absence;
  }

  /** In words for the operator; the message is for the caller. */
  get why(): string {
    return WHY[this.absence];
  }
}

/**
 * The subnet's neurons, as of one block. The manifest has to want `metagraph`.
 *
 * The host settles the block when the request comes in: whatever hook asks, and however often, all of it is of that
 * block. There is none in `init`, and none when the host runs `--offline`; then everything here throws `NoMetagraph`. A
 * forward that lets it pass answers "not now" (503), a blacklist and a verify deny, and a priority is 0.
 */
export const metagraph = {
  /** What is to be seen: the subnet, the block, how many neurons there are, and which is the host's own. */
  current(): Subnet {
    return looked(({ current }) => current());
  },

  /** The neuron with this uid; nothing when there is no such uid. */
  byUid(uid: number): Neuron | undefined {
    // The engine would take 65536 for 0.
    const known = Number.isInteger(uid) && uid >= 0 && uid <= 65535;
    return known ? (looked(({ byUid }) => byUid(uid)) ?? undefined) : undefined;
  },

  /** The neuron with this hotkey (ss58); nothing when nobody is registered with it. */
  byHotkey(hotkey: string): Neuron | undefined {
    return looked(({ byHotkey }) => byHotkey(hotkey)) ?? undefined;
  },

  /** All neurons, by uid. The host is asked for 256 at a time, as the loop goes on. */
  neurons(): Generator<Neuron, void, undefined> {
    // The first page at once: whether there is a metagraph is known before the loop.
    return from(page(0));
  },
};

function* from(neurons: Neuron[]): Generator<Neuron, void, undefined> {
  let last = neurons.at(-1);
  while (last !== undefined) {
    yield* neurons;
    neurons = page(last.uid + 1);
    last = neurons.at(-1);
  }
}

function page(start: number): Neuron[] {
  return looked(({ neurons }) => neurons(start));
}

/** What the host says, or why it says nothing. */
function looked<T>(look: (host: ReturnType<typeof graph>) => T): T {
  const host = graph();
  try {
    return look(host);
  } catch (thrown) {
    // The engine throws the contract's error itself, or something that carries it and is no Error of this realm.
    const carried = typeof thrown === "object" && thrown !== null && "payload" in thrown ? thrown.payload : thrown;
    throw isAbsence(carried) ? new NoMetagraph(carried) : thrown;
  }
}

function isAbsence(value: unknown): value is Absence {
  return typeof value === "string" && Object.hasOwn(WHY, value);
}
