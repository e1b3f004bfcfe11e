// Texts that are read while they are made. There is no field for the answer: the pieces are the answer.
#include "miner.h"

// Stands in for a language model that streams: the prompt's words in upper case, one after another.
soma_status stream(const soma_call *call, const soma_object *in, soma_stream *out) {
  soma_text prompt, word;
  int64_t max_tokens;
  if (!soma_get_text(in, "prompt", &prompt)) return soma_mismatch("prompt");
  if (!soma_get_int(in, "max_tokens", &max_tokens)) return soma_mismatch("max_tokens");
  size_t at = 0;
  if (max_tokens < 1 || !next_word(prompt, &at, &word)) return soma_invalid("there is no word to write");
  soma_log(SOMA_DEBUG, "streaming to %.*s", SOMA_ARG(call->hotkey));
  if (!soma_write(out, word)) return soma_gone();
  for (int64_t written = 1; written < max_tokens && next_word(prompt, &at, &word); written++) {
    if (!soma_write(out, soma_format(" %.*s", SOMA_ARG(word)))) return soma_gone();
  }
  return soma_ok();
}
