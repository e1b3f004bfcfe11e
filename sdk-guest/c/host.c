// What the host offers, over the generated bindings.
#include "hooks.h"
#include "text.h"

static plugin_string_t lent(soma_text text) { return (plugin_string_t){(uint8_t *)text.ptr, text.len}; }

void soma_log(soma_level level, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  plugin_string_t line = lent(soma_clean(soma_vformat(format, arguments)));
  va_end(arguments);
  static const soma_neuron_log_level_t levels[] = {
      [SOMA_TRACE] = SOMA_NEURON_LOG_LEVEL_TRACE, [SOMA_DEBUG] = SOMA_NEURON_LOG_LEVEL_DEBUG,
      [SOMA_INFO] = SOMA_NEURON_LOG_LEVEL_INFO,   [SOMA_WARN] = SOMA_NEURON_LOG_LEVEL_WARN,
      [SOMA_ERROR] = SOMA_NEURON_LOG_LEVEL_ERROR,
  };
  soma_neuron_log_log(levels[level <= SOMA_ERROR ? level : SOMA_ERROR], &line);
}

// What `assert` calls: the C library's own would print.
_Noreturn void __assert_fail(const char *expression, const char *file, int line, const char *function) {
  soma_log(SOMA_ERROR, "%s:%d: %s: assertion failed: %s", file, line, function, expression);
  __builtin_trap();
}

#ifdef SOMA_WANT_CONFIG
bool soma_config(const char *key, soma_text *value) {
  plugin_string_t name = lent(soma_clean(soma_text_of(key))), found;
  if (!soma_neuron_config_get(&name, &found)) return false;
  *value = (soma_text){(const char *)found.ptr, found.len};
  return true;
}
#endif

#ifdef SOMA_WANT_CLOCK
double soma_now_ms(void) { return soma_neuron_clock_now_ms(); }
#endif

#ifdef SOMA_WANT_RANDOM
#include <string.h>

void soma_random(void *bytes, size_t len) {
  plugin_list_u8_t found;
  soma_neuron_random_bytes((uint32_t)len, &found);
  // The host gives as many as were asked for.
  memcpy(bytes, found.ptr, found.len < len ? found.len : len);
}
#endif

#ifdef SOMA_HOOK_STREAMING
bool soma_write(soma_stream *stream, soma_text piece) {
  plugin_list_u8_t chunk = {(uint8_t *)piece.ptr, piece.len};
  soma_neuron_response_write_error_t error;
  return soma_neuron_response_method_response_stream_write(stream->handle, &chunk, &error);
}
#endif
