// Texts.
#include <math.h>

#include "miner.h"

// The words of a prompt, and how many there are.
static soma_text *words_of(soma_text prompt, size_t *count) {
  size_t room = 0;
  soma_text word, *words = NULL;
  *count = 0;
  for (size_t at = 0; next_word(prompt, &at, &word); words[(*count)++] = word) {
    if (*count < room) continue;
    soma_text *fewer = words;
    room = room == 0 ? 32 : room * 2;
    words = soma_alloc(room * sizeof(soma_text));
    for (size_t i = 0; i < *count; i++) words[i] = fewer[i];
  }
  return words;
}

// Stands in for a language model: the prompt's words in upper case, rotated by ten times the temperature, cut after
// `max_tokens` words. Temperature 0 keeps their order.
soma_status generate(const soma_call *call, const soma_object *in, soma_object *out) {
  (void)call;
  soma_text prompt;
  int64_t max_tokens;
  double temperature;
  if (!soma_get_text(in, "prompt", &prompt)) return soma_mismatch("prompt");
  if (!soma_get_int(in, "max_tokens", &max_tokens)) return soma_mismatch("max_tokens");
  if (!soma_get_number(in, "temperature", &temperature)) return soma_mismatch("temperature");
  size_t count;
  soma_text *words = words_of(prompt, &count);
  if (count == 0) return soma_invalid("prompt: there is no word in it");
  size_t shift = (size_t)(fmin(fmax(temperature, 0), 2) * 10);
  size_t most = max_tokens < 0 ? 0 : (uint64_t)max_tokens < count ? (size_t)max_tokens : count;
  soma_buffer text = {0};
  for (size_t i = 0; i < most; i++) {
    if (i > 0) soma_append_byte(&text, ' ');
    soma_append(&text, words[(i + shift) % count]);
  }
  soma_log(SOMA_DEBUG, "%zu words of at most %lld", most, (long long)max_tokens);
  soma_set_text(out, "generated_text", soma_buffer_text(&text));
  // Names this build in every answer, so that a caller sees which version served it.
  soma_set_text(out, "model_name", SOMA_TEXT(SOMA_PLUGIN_NAME " " SOMA_PLUGIN_VERSION));
  return soma_ok();
}

// A synapse with hash fields: the caller's signature covers `prompt` and `max_tokens`. The prompt, last character first.
soma_status reverse(const soma_call *call, const soma_object *in, soma_object *out) {
  (void)call;
  soma_text prompt;
  if (!soma_get_text(in, "prompt", &prompt)) return soma_mismatch("prompt");
  char *output = soma_alloc(prompt.len);
  size_t end = prompt.len;
  for (size_t at = 0; at < prompt.len;) {
    size_t start = at;
    soma_next_char(prompt, &at);
    end -= at - start;
    for (size_t i = start; i < at; i++) output[end + i - start] = prompt.ptr[i];
  }
  soma_set_text(out, "output", (soma_text){output, prompt.len});
  return soma_ok();
}
