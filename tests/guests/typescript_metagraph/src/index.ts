// As `metagraph_reads`, in TypeScript.

import { Axon, Invalid, metagraph, type Neuron, type Request, Synapse } from "soma-sdk";

class Look extends Synapse {
  what = "";
  uid = 0;
  hotkey = "";
  found: unknown = null;
}

/** With the names of the contract's JSON. */
function told(neuron: Neuron | undefined): unknown {
  if (neuron === undefined) {
    return null;
  }
  const { alphaStake, taoStake, validatorTrust, validatorPermit, lastUpdate, axon, ...same } = neuron;
  return {
    ...same,
    alpha_stake: alphaStake,
    tao_stake: taoStake,
    validator_trust: validatorTrust,
    validator_permit: validatorPermit,
    last_update: lastUpdate,
    axon: axon ?? null,
  };
}

function total(): unknown {
  const neurons = [...metagraph.neurons()];
  const stake = neurons.reduce((sum, neuron) => sum + neuron.stake, 0);
  return { count: neurons.length, stake, first: neurons.at(0)?.uid ?? null, last: neurons.at(-1)?.uid ?? null };
}

function first(): unknown {
  for (const { hotkey } of metagraph.neurons()) {
    return { hotkey };
  }
  return { hotkey: null };
}

function subnet(): unknown {
  const { netuid, block, size, ownUid } = metagraph.current();
  return { netuid, block, size, own_uid: ownUid ?? null };
}

function look(look: Look): Look {
  const looks: Record<string, () => unknown> = {
    uid: () => told(metagraph.byUid(look.uid)),
    hotkey: () => told(metagraph.byHotkey(look.hotkey)),
    subnet,
    all: total,
    first,
  };
  const found = looks[look.what];
  if (found === undefined) {
    throw new Invalid(`what is ${look.what}?`);
  }
  look.found = found();
  return look;
}

function denied(request: Request): [boolean, string] {
  const least = request.headers.find(([name]) => name === "x-least")?.[1];
  if (least === undefined) {
    return [false, ""];
  }
  const neuron = metagraph.byHotkey(request.caller.hotkey);
  if (neuron === undefined) {
    return [true, "not registered"];
  }
  return [neuron.stake < Number(least), `stake ${neuron.stake} is below ${least}`];
}

const rank = (request: Request): number => metagraph.byHotkey(request.caller.hotkey)?.stake ?? 0;

const axon = new Axon().attach(Look, look, { blacklist: denied, priority: rank });
export const { forward, blacklist, priority } = axon.hooks;
