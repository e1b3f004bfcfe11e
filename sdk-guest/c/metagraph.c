// The metagraph, over the generated bindings.
#include "hooks.h"
#include "text.h"

soma_status soma_absent(soma_seen seen) {
  return seen == SOMA_NOBODY ? soma_unavailable("there is no such neuron at the moment")
                             : soma_unavailable("the metagraph is not there at the moment");
}

#ifdef SOMA_WANT_METAGRAPH
static soma_text text(plugin_string_t string) { return (soma_text){(const char *)string.ptr, string.len}; }

// `init`, which belongs to no request, is no hook of this SDK.
static soma_seen absence(soma_neuron_metagraph_absence_t why) {
  return why == SOMA_NEURON_METAGRAPH_ABSENCE_OFFLINE ? SOMA_OFFLINE : SOMA_UNREAD;
}

static soma_neuron told(const soma_neuron_metagraph_neuron_t *from) {
  return (soma_neuron){
      .uid = from->uid,
      .hotkey = text(from->hotkey),
      .coldkey = text(from->coldkey),
      .stake = from->stake,
      .alpha_stake = from->alpha_stake,
      .tao_stake = from->tao_stake,
      .emission = from->emission,
      .consensus = from->consensus,
      .incentive = from->incentive,
      .dividends = from->dividends,
      .validator_trust = from->validator_trust,
      .validator_permit = from->validator_permit,
      .active = from->active,
      .last_update = from->last_update,
      .axon = from->axon.is_some ? text(from->axon.val) : SOMA_TEXT(""),
  };
}

soma_seen soma_metagraph(soma_subnet *subnet) {
  soma_neuron_metagraph_subnet_t found;
  soma_neuron_metagraph_absence_t why;
  if (!soma_neuron_metagraph_current(&found, &why)) return absence(why);
  *subnet = (soma_subnet){
      .netuid = found.netuid,
      .block = found.block,
      .size = found.size,
      .own_uid = found.own_uid.is_some ? found.own_uid.val : -1,
  };
  return SOMA_SEEN;
}

static soma_seen one(bool there, soma_neuron_metagraph_absence_t why, soma_neuron_metagraph_option_neuron_t *found,
                     soma_neuron *neuron) {
  if (!there) return absence(why);
  if (!found->is_some) return SOMA_NOBODY;
  *neuron = told(&found->val);
  return SOMA_SEEN;
}

soma_seen soma_by_uid(uint16_t uid, soma_neuron *neuron) {
  soma_neuron_metagraph_option_neuron_t found = {0};
  soma_neuron_metagraph_absence_t why = 0;
  bool there = soma_neuron_metagraph_by_uid(uid, &found, &why);
  return one(there, why, &found, neuron);
}

soma_seen soma_by_hotkey(soma_text hotkey, soma_neuron *neuron) {
  soma_text clean = soma_clean(hotkey);
  plugin_string_t name = {(uint8_t *)clean.ptr, clean.len};
  soma_neuron_metagraph_option_neuron_t found = {0};
  soma_neuron_metagraph_absence_t why = 0;
  bool there = soma_neuron_metagraph_by_hotkey(&name, &found, &why);
  return one(there, why, &found, neuron);
}

bool soma_next_neuron(soma_walk *walk, soma_neuron *neuron) {
  if (walk->at == walk->len) {
    soma_neuron_metagraph_list_neuron_t page = {0};
    soma_neuron_metagraph_absence_t why = 0;
    bool there = soma_neuron_metagraph_neurons(walk->next, &page, &why);
    walk->seen = there ? SOMA_SEEN : absence(why);
    if (!there || page.len == 0) return false;
    walk->page = page.ptr;
    walk->len = page.len;
    walk->at = 0;
  }
  *neuron = told((const soma_neuron_metagraph_neuron_t *)walk->page + walk->at++);
  walk->next = (uint32_t)neuron->uid + 1;
  return true;
}
#endif
