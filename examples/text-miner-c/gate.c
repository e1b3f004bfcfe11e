// Who is served, and in which order.
#include "miner.h"

// Turns away the hotkeys in the operator's setting `deny`, a JSON list. A setting that is no such list turns everybody
// away: it was meant to keep somebody out.
soma_verdict blacklist(const soma_call *call) {
  soma_text setting;
  soma_texts deny;
  if (!soma_config("deny", &setting)) return soma_allow();
  if (!soma_parse_texts(setting, &deny)) {
    soma_log(SOMA_ERROR, "the setting \"deny\" is not a JSON list of hotkeys");
    return soma_deny("not open for requests");
  }
  for (size_t i = 0; i < deny.len; i++) {
    if (soma_equal(deny.items[i], call->hotkey)) return soma_deny("this hotkey is denied");
  }
  return soma_allow();
}

// The more stake, the sooner.
double priority(const soma_call *call) { return call->stake; }
