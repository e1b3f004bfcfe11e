// What a hook may answer.
#include "soma.h"

#define REASON_OF(format, reason)  \
  soma_text reason;                \
  do {                             \
    va_list arguments;             \
    va_start(arguments, format);   \
    reason = soma_vformat(format, arguments); \
    va_end(arguments);             \
  } while (0)

soma_status soma_ok(void) { return (soma_status){SOMA_OK, SOMA_TEXT("")}; }

soma_status soma_invalid(const char *format, ...) {
  REASON_OF(format, reason);
  return (soma_status){SOMA_INVALID, reason};
}

soma_status soma_refused(const char *format, ...) {
  REASON_OF(format, reason);
  return (soma_status){SOMA_REFUSED, reason};
}

soma_status soma_unavailable(const char *format, ...) {
  REASON_OF(format, reason);
  return (soma_status){SOMA_UNAVAILABLE, reason};
}

soma_status soma_internal(const char *format, ...) {
  REASON_OF(format, reason);
  return (soma_status){SOMA_INTERNAL, reason};
}

soma_status soma_mismatch(const char *field) {
  return soma_internal("the schema lets a body through whose field %s this plugin cannot read", field);
}

// The host knows why the answer is over.
soma_status soma_gone(void) { return soma_unavailable("the answer is over"); }

soma_verdict soma_allow(void) { return (soma_verdict){false, SOMA_TEXT("")}; }

soma_verdict soma_deny(const char *format, ...) {
  REASON_OF(format, reason);
  return (soma_verdict){true, reason};
}
