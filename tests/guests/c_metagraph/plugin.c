// As `metagraph_reads`, in C.
#include <stdlib.h>

#include "soma.h"

static soma_object told(const soma_neuron *neuron) {
  soma_object object = {0};
  soma_set_int(&object, "uid", neuron->uid);
  soma_set_text(&object, "hotkey", neuron->hotkey);
  soma_set_text(&object, "coldkey", neuron->coldkey);
  soma_set_number(&object, "stake", neuron->stake);
  soma_set_number(&object, "alpha_stake", neuron->alpha_stake);
  soma_set_number(&object, "tao_stake", neuron->tao_stake);
  soma_set_number(&object, "emission", neuron->emission);
  soma_set_number(&object, "consensus", neuron->consensus);
  soma_set_number(&object, "incentive", neuron->incentive);
  soma_set_number(&object, "dividends", neuron->dividends);
  soma_set_number(&object, "validator_trust", neuron->validator_trust);
  soma_set_bool(&object, "validator_permit", neuron->validator_permit);
  soma_set_bool(&object, "active", neuron->active);
  soma_set_int(&object, "last_update", neuron->last_update);
  if (neuron->axon.len > 0) soma_set_text(&object, "axon", neuron->axon);
  else soma_set_null(&object, "axon");
  return object;
}

static soma_status answer(soma_seen seen, const soma_object *found, soma_object *out) {
  if (seen == SOMA_SEEN) soma_set_object(out, "found", found);
  else if (seen == SOMA_NOBODY) soma_set_null(out, "found");
  else return soma_absent(seen);
  return soma_ok();
}

static soma_status find(soma_seen seen, const soma_neuron *neuron, soma_object *out) {
  soma_object found = {0};
  if (seen == SOMA_SEEN) found = told(neuron);
  return answer(seen, &found, out);
}

static void set_or_null(soma_object *object, const char *name, int32_t value) {
  if (value >= 0) soma_set_int(object, name, value);
  else soma_set_null(object, name);
}

static soma_status subnet(soma_object *out) {
  soma_subnet subnet = {0};
  soma_seen seen = soma_metagraph(&subnet);
  soma_object found = {0};
  soma_set_int(&found, "netuid", subnet.netuid);
  soma_set_int(&found, "block", subnet.block);
  soma_set_int(&found, "size", subnet.size);
  set_or_null(&found, "own_uid", subnet.own_uid);
  return answer(seen, &found, out);
}

static soma_status all(soma_object *out) {
  soma_walk walk = {0};
  soma_neuron neuron;
  double stake = 0;
  int32_t count = 0, first = -1, last = -1;
  while (soma_next_neuron(&walk, &neuron)) {
    if (count++ == 0) first = neuron.uid;
    last = neuron.uid;
    stake += neuron.stake;
  }
  soma_object found = {0};
  soma_set_int(&found, "count", count);
  soma_set_number(&found, "stake", stake);
  set_or_null(&found, "first", first);
  set_or_null(&found, "last", last);
  return answer(walk.seen, &found, out);
}

static soma_status first(soma_object *out) {
  soma_walk walk = {0};
  soma_neuron neuron;
  soma_object found = {0};
  if (soma_next_neuron(&walk, &neuron)) soma_set_text(&found, "hotkey", neuron.hotkey);
  else soma_set_null(&found, "hotkey");
  return answer(walk.seen, &found, out);
}

static soma_status look(const soma_call *call, const soma_object *in, soma_object *out) {
  soma_text what, hotkey = SOMA_TEXT("");
  int64_t uid = 0;
  soma_neuron neuron;
  if (!soma_get_text(in, "what", &what)) return soma_mismatch("what");
  soma_get_int(in, "uid", &uid);
  soma_get_text(in, "hotkey", &hotkey);
  if (soma_equal(what, SOMA_TEXT("uid"))) return find(soma_by_uid((uint16_t)uid, &neuron), &neuron, out);
  if (soma_equal(what, SOMA_TEXT("hotkey"))) return find(soma_by_hotkey(hotkey, &neuron), &neuron, out);
  if (soma_equal(what, SOMA_TEXT("subnet"))) return subnet(out);
  if (soma_equal(what, SOMA_TEXT("all"))) return all(out);
  if (soma_equal(what, SOMA_TEXT("first"))) return first(out);
  return soma_invalid("what is %.*s?", SOMA_ARG(what));
}

static soma_verdict blacklist(const soma_call *call) {
  for (size_t i = 0; i < call->headers_len; i++) {
    if (!soma_equal(call->headers[i].name, SOMA_TEXT("x-least"))) continue;
    soma_text value = call->headers[i].value;
    // A text has no NUL at its end.
    double least = strtod(soma_format("%.*s%c", SOMA_ARG(value), '\0').ptr, NULL);
    soma_neuron neuron;
    soma_seen seen = soma_by_hotkey(call->hotkey, &neuron);
    if (seen == SOMA_NOBODY) return soma_deny("not registered");
    if (seen != SOMA_SEEN) return soma_deny("%.*s", SOMA_ARG(soma_absent(seen).reason));
    if (neuron.stake < least) return soma_deny("stake %g is below %.*s", neuron.stake, SOMA_ARG(value));
  }
  return soma_allow();
}

static double priority(const soma_call *call) {
  soma_neuron neuron;
  return soma_by_hotkey(call->hotkey, &neuron) == SOMA_SEEN ? neuron.stake : 0;
}

SOMA_PLUGIN(.forward = SOMA_ROUTES({"Look", look}), .blacklist = blacklist, .priority = priority)
