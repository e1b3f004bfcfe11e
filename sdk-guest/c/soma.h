// What the author of a plugin in C includes.
//
// A plugin is a table of functions, see SOMA_PLUGIN. A function gets the verified call and the body's fields, and
// sets the fields of its answer, which has the request's fields to begin with:
//
//     static soma_status generate(const soma_call *call, const soma_object *in, soma_object *out) {
//         soma_text prompt;
//         if (!soma_get_text(in, "prompt", &prompt)) return soma_mismatch("prompt");
//         if (prompt.len == 0) return soma_invalid("prompt: it is empty");
//         soma_set_text(out, "generated_text", prompt);
//         return soma_ok();
//     }
//
//     SOMA_PLUGIN(.forward = SOMA_ROUTES({"TextGeneration", generate}))
//
// Everything that these functions give out (texts, lists, objects) lives until the hook's result was taken, in an
// arena that starts empty with each hook; nothing of it has to be freed, and nothing of it may be kept in a static
// variable. What malloc gives is the author's own.
#ifndef SOMA_H
#define SOMA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- What is not here ----

// The C library has no system below it: these say so at the line where they are used. `assert` ends the call, with a
// line in the operator's log.
#ifdef __wasm__
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#define SOMA_ABSENT(function, instead) \
  extern __typeof__(function) function __attribute__((unavailable("not in a plugin: " instead)))
#define SOMA_NO_OUTPUT "there is no standard output; use soma_log"
#define SOMA_NO_FILES "there are no files; settings come with soma_config"
#define SOMA_NO_TIME "the clock is the host's; use soma_now_ms"
SOMA_ABSENT(printf, SOMA_NO_OUTPUT);
SOMA_ABSENT(vprintf, SOMA_NO_OUTPUT);
SOMA_ABSENT(fprintf, SOMA_NO_OUTPUT);
SOMA_ABSENT(vfprintf, SOMA_NO_OUTPUT);
SOMA_ABSENT(puts, SOMA_NO_OUTPUT);
SOMA_ABSENT(putchar, SOMA_NO_OUTPUT);
SOMA_ABSENT(fputs, SOMA_NO_OUTPUT);
SOMA_ABSENT(fputc, SOMA_NO_OUTPUT);
SOMA_ABSENT(fwrite, SOMA_NO_OUTPUT);
SOMA_ABSENT(perror, SOMA_NO_OUTPUT);
SOMA_ABSENT(fopen, SOMA_NO_FILES);
SOMA_ABSENT(freopen, SOMA_NO_FILES);
SOMA_ABSENT(fread, SOMA_NO_FILES);
SOMA_ABSENT(fgets, SOMA_NO_FILES);
SOMA_ABSENT(scanf, SOMA_NO_FILES);
SOMA_ABSENT(getchar, SOMA_NO_FILES);
SOMA_ABSENT(remove, SOMA_NO_FILES);
SOMA_ABSENT(rename, SOMA_NO_FILES);
SOMA_ABSENT(getenv, "there is no environment; settings come with soma_config");
SOMA_ABSENT(exit, "there is no process to end; return soma_internal(...)");
SOMA_ABSENT(_Exit, "there is no process to end; return soma_internal(...)");
SOMA_ABSENT(time, SOMA_NO_TIME);
SOMA_ABSENT(clock_gettime, SOMA_NO_TIME);
SOMA_ABSENT(timespec_get, SOMA_NO_TIME);
SOMA_ABSENT(gettimeofday, SOMA_NO_TIME);
SOMA_ABSENT(nanosleep, "a call cannot wait");
#endif

// ---- Texts ----

// UTF-8 of `len` bytes. There is no NUL at its end.
typedef struct soma_text {
  const char *ptr;
  size_t len;
} soma_text;

typedef struct soma_texts {
  const soma_text *items;
  size_t len;
} soma_texts;

// A literal as a text.
#define SOMA_TEXT(literal) ((soma_text){(literal), sizeof(literal) - 1})
// A text for "%.*s" in a format.
#define SOMA_ARG(text) (int)(text).len, (text).ptr

// The text that `string` is, without a copy.
soma_text soma_text_of(const char *string);
bool soma_equal(soma_text one, soma_text other);
// What printf would print. A text goes in with "%.*s" and SOMA_ARG.
__attribute__((format(printf, 1, 2))) soma_text soma_format(const char *format, ...);
soma_text soma_vformat(const char *format, va_list arguments);
// The next character of the text at byte `*at`, which is moved behind it. Bytes that are no UTF-8 count as U+FFFD, one
// by one. `*at` must be less than the text's length.
uint32_t soma_next_char(soma_text text, size_t *at);

// Memory in the arena: aligned for every type, not cleared. Ends the call when there is none left.
void *soma_alloc(size_t size);

// A text that grows. Start with `soma_buffer buffer = {0};`.
typedef struct soma_buffer {
  char *ptr;
  size_t len;
  size_t room;
} soma_buffer;

void soma_append(soma_buffer *buffer, soma_text text);
void soma_append_byte(soma_buffer *buffer, char byte);
// Appends the UTF-8 of a character; U+FFFD for what is none.
void soma_append_char(soma_buffer *buffer, uint32_t character);
// What is in it. Valid until something more is appended.
soma_text soma_buffer_text(const soma_buffer *buffer);

// ---- JSON ----

typedef enum soma_kind { SOMA_NULL, SOMA_BOOL, SOMA_NUMBER, SOMA_STRING, SOMA_ARRAY, SOMA_OBJECT } soma_kind;

// A value that was checked to be JSON, as it is written.
typedef struct soma_value {
  soma_kind kind;
  soma_text json;
} soma_value;

typedef struct soma_field {
  soma_text name;
  soma_value value;
  struct soma_field *next;
} soma_field;

// Fields in their order. Start an empty one with `soma_object object = {0};`. Finding a field goes through all of
// them: this is made for the dozen fields of a synapse.
typedef struct soma_object {
  soma_field *first;
  soma_field *last;
} soma_object;

// Reads an object. False when the text is not JSON (RFC 8259, UTF-8, at most 64 levels deep) or no object.
bool soma_parse_object(soma_text json, soma_object *object);
// Reads a list of strings, e.g. a setting. False when it is anything else.
bool soma_parse_texts(soma_text json, soma_texts *list);

// The field of that name, the last one when there are several; NULL when there is none.
const soma_value *soma_find(const soma_object *object, const char *name);

// The field's value. False, with `*value` as it was, when there is no such field or it is of another kind. What the
// plugin's schema requires, or has a default for, is always there. An integer may be written as 1.0 or 1e2; what does
// not fit into 64 bits is no integer. A number beyond the range of a double is none.
bool soma_get_text(const soma_object *object, const char *name, soma_text *value);
bool soma_get_int(const soma_object *object, const char *name, int64_t *value);
bool soma_get_number(const soma_object *object, const char *name, double *value);
bool soma_get_bool(const soma_object *object, const char *name, bool *value);
bool soma_get_texts(const soma_object *object, const char *name, soma_texts *value);
bool soma_get_object(const soma_object *object, const char *name, soma_object *value);

// Sets a field: replaces it when it is there. Texts are copied. In a text, bytes that are no UTF-8 become U+FFFD; NaN
// and infinities become null.
void soma_set_text(soma_object *object, const char *name, soma_text value);
void soma_set_int(soma_object *object, const char *name, int64_t value);
void soma_set_number(soma_object *object, const char *name, double value);
void soma_set_bool(soma_object *object, const char *name, bool value);
void soma_set_null(soma_object *object, const char *name);
void soma_set_texts(soma_object *object, const char *name, soma_texts value);
void soma_set_object(soma_object *object, const char *name, const soma_object *value);
// Sets a field to a value that is JSON already; the text is not copied. False when it is not JSON.
bool soma_set_json(soma_object *object, const char *name, soma_text json);

// Its fields in an object of its own.
soma_object soma_copy_object(const soma_object *object);
// The object as JSON.
soma_text soma_write_object(const soma_object *object);

// ---- The call ----

typedef enum soma_dialect { SOMA_SYNAPSE, SOMA_BTAUTH } soma_dialect;

typedef struct soma_header {
  soma_text name;
  soma_text value;
} soma_header;

// What the host knows about the request. It has verified the signature; nothing here is taken from the body.
typedef struct soma_call {
  soma_text id;
  // As plugin.toml names it.
  soma_text route;
  // Path and query.
  soma_text target;
  soma_text method;
  soma_text content_type;
  // ss58 of the key that signed the request.
  soma_text hotkey;
  // IP address of the peer.
  soma_text ip;
  // On this subnet, 0 to 65535; -1 when not registered.
  int32_t uid;
  // In whole alpha; 0 when unknown.
  double stake;
  bool validator_permit;
  // Whether the signature covers the body (of a synapse: its hash fields).
  bool body_bound;
  soma_dialect dialect;
  // Those that plugin.toml lists for the route, names in lower case.
  const soma_header *headers;
  size_t headers_len;
  // Of the body as it was sent, in bytes.
  uint32_t body_len;
  // Milliseconds since 1970.
  double received_ms;
  // Milliseconds that are left.
  uint32_t deadline_ms;
} soma_call;

// ---- Results ----

typedef enum soma_outcome { SOMA_OK, SOMA_INVALID, SOMA_REFUSED, SOMA_UNAVAILABLE, SOMA_INTERNAL } soma_outcome;

typedef struct soma_status {
  soma_outcome outcome;
  soma_text reason;
} soma_status;

soma_status soma_ok(void);
// What was asked makes no sense: the caller gets status 422 and the reason (printable ASCII, at most 200 bytes of it).
__attribute__((format(printf, 1, 2))) soma_status soma_invalid(const char *format, ...);
// Understood, but this caller does not get it: status 403 and the reason.
__attribute__((format(printf, 1, 2))) soma_status soma_refused(const char *format, ...);
// Not now: status 503 and the reason.
__attribute__((format(printf, 1, 2))) soma_status soma_unavailable(const char *format, ...);
// The plugin is at fault: status 500; the text goes to the operator's log and nowhere else.
__attribute__((format(printf, 1, 2))) soma_status soma_internal(const char *format, ...);
// The schema lets a body through that the plugin cannot read: the plugin is at fault, as above.
soma_status soma_mismatch(const char *field);

typedef struct soma_verdict {
  bool denied;
  soma_text reason;
} soma_verdict;

soma_verdict soma_allow(void);
// Turns the caller away with the reason: status 403 from a blacklist, 401 from a verifier.
__attribute__((format(printf, 1, 2))) soma_verdict soma_deny(const char *format, ...);

// ---- What the host offers ----

typedef enum soma_level { SOMA_TRACE, SOMA_DEBUG, SOMA_INFO, SOMA_WARN, SOMA_ERROR } soma_level;

// A line in the host's log, at most 1 KiB a line and 64 KiB a hook by default.
__attribute__((format(printf, 2, 3))) void soma_log(soma_level level, const char *format, ...);

// Imports that plugin.toml does not want can't be used: the build says so at the line.
#ifdef __wasm__
#define SOMA_WANTS(name) __attribute__((unavailable("add \"" name "\" to `wants` in plugin.toml")))
#else
#define SOMA_WANTS(name)
#endif
#ifdef SOMA_WANT_CONFIG
#define SOMA_CONFIG_WANTED
#else
#define SOMA_CONFIG_WANTED SOMA_WANTS("config")
#endif
#ifdef SOMA_WANT_CLOCK
#define SOMA_CLOCK_WANTED
#else
#define SOMA_CLOCK_WANTED SOMA_WANTS("clock")
#endif
#ifdef SOMA_WANT_RANDOM
#define SOMA_RANDOM_WANTED
#else
#define SOMA_RANDOM_WANTED SOMA_WANTS("random")
#endif
#ifdef SOMA_WANT_METAGRAPH
#define SOMA_METAGRAPH_WANTED
#else
#define SOMA_METAGRAPH_WANTED SOMA_WANTS("metagraph")
#endif

// A setting that the operator wrote for this slot; false when it was not set. A list is JSON text, see
// soma_parse_texts. Wants `config`.
SOMA_CONFIG_WANTED bool soma_config(const char *key, soma_text *value);
// Milliseconds since 1970. Wants `clock`.
SOMA_CLOCK_WANTED double soma_now_ms(void);
// Fills `bytes` from a secure source, at most 65536 at once. Wants `random`.
SOMA_RANDOM_WANTED void soma_random(void *bytes, size_t len);
// The subnet's neurons. Wants `metagraph`.
#include "soma_metagraph.h"

// Where a streaming function writes its answer. It ends when the function returns.
typedef struct soma_stream soma_stream;

// Sends a piece at once; waits while the caller is slow. False: the answer is over (the caller is gone, or it is too
// large), return soma_gone() without writing again.
bool soma_write(soma_stream *stream, soma_text piece);
soma_status soma_gone(void);

// ---- The plugin ----

typedef struct soma_route {
  const char *route;
  soma_status (*answer)(const soma_call *call, const soma_object *in, soma_object *out);
} soma_route;

typedef struct soma_stream_route {
  const char *route;
  soma_status (*answer)(const soma_call *call, const soma_object *in, soma_stream *out);
} soma_stream_route;

typedef struct soma_check {
  const char *route;
  soma_verdict (*check)(const soma_call *call, const soma_object *in);
} soma_check;

// An answer that is not the JSON object of a synapse.
typedef struct soma_reply {
  soma_text body;
  // Without one it is application/json.
  soma_text content_type;
  // 200 to 499; 0 is 200.
  uint16_t status;
} soma_reply;

// A function that `hooks` of plugin.toml does not name would not be called: a gate would stand open. The build says so
// at the line.
#ifdef __wasm__
#define SOMA_UNNAMED(hook) \
  __attribute__((unavailable("a " hook " function is there, but `hooks` of plugin.toml does not name \"" hook "\"")))
#else
#define SOMA_UNNAMED(hook)
#endif
#ifdef SOMA_HOOK_FORWARD
#define SOMA_FORWARD_NAMED
#else
#define SOMA_FORWARD_NAMED SOMA_UNNAMED("forward")
#endif
#ifdef SOMA_HOOK_STREAMING
#define SOMA_STREAMING_NAMED
#else
#define SOMA_STREAMING_NAMED SOMA_UNNAMED("streaming")
#endif
#ifdef SOMA_HOOK_BLACKLIST
#define SOMA_BLACKLIST_NAMED
#else
#define SOMA_BLACKLIST_NAMED SOMA_UNNAMED("blacklist")
#endif
#ifdef SOMA_HOOK_VERIFY
#define SOMA_VERIFY_NAMED
#else
#define SOMA_VERIFY_NAMED SOMA_UNNAMED("verify")
#endif
#ifdef SOMA_HOOK_PRIORITY
#define SOMA_PRIORITY_NAMED
#else
#define SOMA_PRIORITY_NAMED SOMA_UNNAMED("priority")
#endif

// The hooks: those that plugin.toml lists in `hooks`, no more and no less.
typedef struct soma_plugin {
  // SOMA_ROUTES. The answer starts with the request's fields: a function sets those that are others.
  const soma_route *forward SOMA_FORWARD_NAMED;
  // Answers the routes that are not in `forward`, as bytes.
  soma_status (*forward_bytes)(const soma_call *call, soma_text body, soma_reply *reply) SOMA_FORWARD_NAMED;
  // SOMA_STREAMS: the routes that plugin.toml gives `stream`.
  const soma_stream_route *streaming SOMA_STREAMING_NAMED;
  // Called before everything else, without the body.
  soma_verdict (*blacklist)(const soma_call *call) SOMA_BLACKLIST_NAMED;
  // SOMA_CHECKS: can only add a refusal. Other routes pass; a body that is no JSON object does not.
  const soma_check *verify SOMA_VERIFY_NAMED;
  // Higher is served first.
  double (*priority)(const soma_call *call) SOMA_PRIORITY_NAMED;
} soma_plugin;

// What the build compares with plugin.toml.
#if defined __wasm__ && __has_include("soma_build.h")
#include "soma_build.h"
#else
#define SOMA_BUILD_CHECKS
#endif

#define SOMA_ROUTES(...) (const soma_route[]){__VA_ARGS__, {NULL, NULL}}
#define SOMA_STREAMS(...) (const soma_stream_route[]){__VA_ARGS__, {NULL, NULL}}
#define SOMA_CHECKS(...) (const soma_check[]){__VA_ARGS__, {NULL, NULL}}
// Once in a plugin: SOMA_PLUGIN(.forward = SOMA_ROUTES({"Name", function}), .blacklist = gate)
#define SOMA_PLUGIN(...)                               \
  const soma_plugin soma_this_plugin = {__VA_ARGS__}; \
  SOMA_BUILD_CHECKS
// The name is what the linker says when SOMA_PLUGIN is not there, or there twice.
extern const soma_plugin soma_this_plugin __asm__("SOMA_PLUGIN, which has to stand once in one of the C files");

#endif
