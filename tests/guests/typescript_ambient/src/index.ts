// What an ordinary program in JavaScript takes for granted, inside of a component: each probe is one request.

import { Axon, config, Invalid, Refused, type Request, Synapse, Unavailable } from "soma-sdk";

/** The time of the build. */
const BUILT = Date.now();

class Ambient extends Synapse {
  probe = "";
  found: unknown = null;
}

class Flow extends Synapse {
  probe = "";
}

/** The message of what is thrown. */
async function refused(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
  return "nothing";
}

const probes: Record<string, (request: Request) => unknown> = {
  said() {
    console.log("printed", { a: 1 });
    console.info("informed");
    console.warn("warned");
    console.error("complained", new Error("for show"));
    return true;
  },
  told(request) {
    const now = [Date.now(), new Date().getTime(), Date.parse(Date())];
    return {
      apart: Math.max(...now.map((time) => Math.abs(time - request.receivedMs))),
      built: BUILT < request.receivedMs,
      fixed: new Date(5).toISOString(),
      kind: new Date() instanceof Date && new Date().constructor === Date,
      steady: performance.now() <= performance.now(),
    };
  },
  drawn() {
    const bytes = Array.from(crypto.getRandomValues(new Uint32Array(2)));
    return [Math.random(), Math.random(), crypto.randomUUID(), ...bytes];
  },
  async absent() {
    return {
      config: await refused(() => config.get("x")),
      fetch: await refused(() => fetch("http://127.0.0.1/")),
      timer: await refused(() => new Promise((resolve) => setTimeout(resolve, 5))),
      interval: await refused(() => setInterval(() => undefined, 5)),
      seed: await refused(() => crypto.getRandomValues(new Uint8Array(65_537))),
    };
  },
  async later() {
    await new Promise<void>((resolve) => setTimeout(resolve));
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("abc"));
    return Array.from(new Uint8Array(digest).slice(0, 4));
  },
  large: () => "é😀".repeat(100_000).length,
  thrown: () => {
    throw new TypeError("a mistake of the author");
  },
  rejected: async () => {
    await null;
    throw new TypeError("a late mistake");
  },
  invalid: () => {
    throw new Invalid("no such thing");
  },
  refused: () => {
    throw new Refused("not you");
  },
  unavailable: () => {
    throw new Unavailable("later");
  },
  deep: () => {
    const deeper = (): number => 1 + deeper();
    return deeper();
  },
};

async function probe(synapse: Ambient, request: Request): Promise<Ambient> {
  synapse.found = await probes[synapse.probe]?.(request);
  return synapse;
}

async function* flow(synapse: Flow): AsyncGenerator<string | Uint8Array> {
  yield "one ";
  await null;
  yield new TextEncoder().encode(synapse.probe);
  if (synapse.probe === "broken") {
    throw new Error("in the middle");
  }
}

const axon = new Axon()
  .gate({ priority: (request) => request.caller.stake })
  .attach(Ambient, probe, {
    blacklist: async (request) => {
      await null;
      return [request.method === "TRACE", "never"];
    },
    verify: (_request, synapse) => {
      if (synapse.probe === "denied") {
        throw new Refused("this probe is denied");
      }
      if (synapse.probe === "gate") {
        throw new Error("the gate is broken");
      }
    },
  })
  .attach(Flow, flow);

export const { forward, streaming, blacklist, verify, priority } = axon.hooks;
