// The subnet's neurons, as of one block. soma.h includes this; plugin.toml has to want `metagraph`.
//
// The host settles the block when the request comes in: whatever hook asks, and however often, all of it is of that
// block. There is none when the host runs without a chain:
//
//     static soma_verdict blacklist(const soma_call *call) {
//       soma_neuron neuron;
//       soma_seen seen = soma_by_hotkey(call->hotkey, &neuron);
//       if (seen == SOMA_NOBODY) return soma_deny("not registered on this subnet");
//       if (seen != SOMA_SEEN) return soma_deny("not open for requests");
//       return neuron.stake < 1000 ? soma_deny("stake below 1000") : soma_allow();
//     }
#ifndef SOMA_METAGRAPH_H
#define SOMA_METAGRAPH_H

#include "soma.h"

typedef enum soma_seen {
  SOMA_SEEN,
  // There is no such uid, or nobody is registered with this hotkey.
  SOMA_NOBODY,
  // The host runs without a chain (--offline).
  SOMA_OFFLINE,
  // The host has no metagraph, or none that is fresh enough.
  SOMA_UNREAD,
} soma_seen;

typedef struct soma_subnet {
  uint16_t netuid;
  // The block that all of this is of.
  uint32_t block;
  // How many uids there are: they run from 0 to this, without it.
  uint32_t size;
  // The host's own; -1 when its hotkey is not registered.
  int32_t own_uid;
} soma_subnet;

// Amounts are whole alpha or TAO, scores run from 0 to 1.
typedef struct soma_neuron {
  uint16_t uid;
  // ss58, as the other one.
  soma_text hotkey;
  soma_text coldkey;
  // As consensus counts it, in whole alpha: alpha and weighted TAO (the metagraph's S).
  double stake;
  // The part of it that is alpha.
  double alpha_stake;
  // TAO behind it, before it is weighted.
  double tao_stake;
  // In whole alpha, for one tempo.
  double emission;
  double consensus;
  double incentive;
  double dividends;
  double validator_trust;
  // Whether it may set weights for others.
  bool validator_permit;
  // Whether it has set weights lately.
  bool active;
  // Block of its last weights.
  uint32_t last_update;
  // Where it serves, "address:port"; empty when it serves nothing, or names an address that is not global.
  soma_text axon;
} soma_neuron;

// A way through all neurons, by uid. Start with `soma_walk walk = {0};`.
typedef struct soma_walk {
  // SOMA_SEEN at the end, or why there was nobody to see.
  soma_seen seen;
  // The rest is the SDK's.
  const void *page;
  size_t len;
  size_t at;
  uint32_t next;
} soma_walk;

// What is to be seen. SOMA_SEEN, or why there is nothing.
SOMA_METAGRAPH_WANTED soma_seen soma_metagraph(soma_subnet *subnet);
SOMA_METAGRAPH_WANTED soma_seen soma_by_uid(uint16_t uid, soma_neuron *neuron);
SOMA_METAGRAPH_WANTED soma_seen soma_by_hotkey(soma_text hotkey, soma_neuron *neuron);
// The next one; false behind the last, see `walk->seen`. The host is asked for 256 at a time; each neuron takes about
// 300 bytes of the plugin's memory until the hook ends.
SOMA_METAGRAPH_WANTED bool soma_next_neuron(soma_walk *walk, soma_neuron *neuron);

// What a forward answers when there is no metagraph: not now.
soma_status soma_absent(soma_seen seen);

#endif
