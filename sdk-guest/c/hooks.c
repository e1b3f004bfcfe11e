// The hooks as the contract has them, on the functions of the author's table. The build says which are live:
// SOMA_HOOK_FORWARD and so on, by plugin.toml.
#include "hooks.h"

#include "arena.h"
#include "text.h"

static soma_text text(plugin_string_t string) { return (soma_text){(const char *)string.ptr, string.len}; }

// What the host takes: UTF-8.
__attribute__((unused)) static plugin_string_t given(soma_text reason) {
  soma_text clean = soma_clean(reason);
  return (plugin_string_t){(uint8_t *)clean.ptr, clean.len};
}

static soma_call call_of(const soma_neuron_types_request_t *request) {
  size_t len = request->headers.len;
  soma_header *headers = len == 0 ? NULL : soma_alloc(len * sizeof(soma_header));
  for (size_t i = 0; i < len; i++) {
    headers[i] = (soma_header){text(request->headers.ptr[i].f0), text(request->headers.ptr[i].f1)};
  }
  return (soma_call){
      .id = text(request->id),
      .route = text(request->route),
      .target = text(request->target),
      .method = text(request->method),
      .content_type = text(request->content_type),
      .hotkey = text(request->caller.hotkey),
      .ip = text(request->caller.ip),
      .uid = request->caller.uid.is_some ? request->caller.uid.val : -1,
      .stake = request->caller.stake,
      .validator_permit = request->caller.validator_permit,
      .body_bound = request->caller.body_bound,
      .dialect = request->dialect == SOMA_NEURON_TYPES_DIALECT_BTAUTH ? SOMA_BTAUTH : SOMA_SYNAPSE,
      .headers = headers,
      .headers_len = len,
      .body_len = request->body_len,
      .received_ms = request->received_ms,
      .deadline_ms = request->deadline_ms,
  };
}

#if defined SOMA_HOOK_FORWARD || defined SOMA_HOOK_STREAMING
static bool is_route(const soma_call *call, const char *route) {
  return soma_equal(call->route, soma_text_of(route));
}

static soma_status unknown_route(const soma_call *call) {
  return soma_internal("the manifest has a route \"%.*s\" that SOMA_PLUGIN does not name", SOMA_ARG(call->route));
}

static soma_neuron_types_failure_t failure(soma_status status) {
  static const uint8_t tags[] = {
      [SOMA_OK] = SOMA_NEURON_TYPES_FAILURE_INTERNAL,
      [SOMA_INVALID] = SOMA_NEURON_TYPES_FAILURE_INVALID,
      [SOMA_REFUSED] = SOMA_NEURON_TYPES_FAILURE_REFUSED,
      [SOMA_UNAVAILABLE] = SOMA_NEURON_TYPES_FAILURE_UNAVAILABLE,
      [SOMA_INTERNAL] = SOMA_NEURON_TYPES_FAILURE_INTERNAL,
  };
  soma_neuron_types_failure_t failed = {0};
  failed.tag = tags[status.outcome <= SOMA_INTERNAL ? status.outcome : SOMA_INTERNAL];
  failed.val.invalid = given(status.reason);
  return failed;
}
#endif

#ifdef SOMA_HOOK_FORWARD
static soma_status answer(const soma_call *call, soma_text body, soma_reply *reply) {
  const soma_route *route = soma_this_plugin.forward;
  while (route != NULL && route->route != NULL && !is_route(call, route->route)) route++;
  if (route == NULL || route->route == NULL) {
    if (soma_this_plugin.forward_bytes == NULL) return unknown_route(call);
    return soma_this_plugin.forward_bytes(call, body, reply);
  }
  soma_object in;
  if (!soma_parse_object(body, &in)) return soma_invalid("the body is no JSON object");
  soma_object out = soma_copy_object(&in);
  soma_status status = route->answer(call, &in, &out);
  if (status.outcome == SOMA_OK) reply->body = soma_write_object(&out);
  return status;
}

bool exports_soma_neuron_forward_forward(soma_neuron_types_request_t *request, plugin_list_u8_t *body,
                                         soma_neuron_types_reply_t *ret, soma_neuron_types_failure_t *err) {
  soma_hook_begins();
  soma_call call = call_of(request);
  soma_reply reply = {0};
  soma_status status = answer(&call, (soma_text){(const char *)body->ptr, body->len}, &reply);
  if (status.outcome == SOMA_OK) {
    *ret = (soma_neuron_types_reply_t){
        .body = {(uint8_t *)reply.body.ptr, reply.body.len},
        .content_type = {reply.content_type.len > 0, given(reply.content_type)},
        .status = {reply.status != 0, reply.status},
    };
  } else {
    *err = failure(status);
  }
  soma_hook_ends();
  return status.outcome == SOMA_OK;
}
#endif

#ifdef SOMA_HOOK_STREAMING
static soma_status stream(const soma_call *call, soma_text body, soma_stream *out) {
  const soma_stream_route *route = soma_this_plugin.streaming;
  while (route != NULL && route->route != NULL && !is_route(call, route->route)) route++;
  if (route == NULL || route->route == NULL) return unknown_route(call);
  soma_object in;
  if (!soma_parse_object(body, &in)) return soma_invalid("the body is no JSON object");
  return route->answer(call, &in, out);
}

bool exports_soma_neuron_streaming_forward(soma_neuron_types_request_t *request, plugin_list_u8_t *body,
                                           soma_neuron_response_own_response_stream_t response,
                                           soma_neuron_types_failure_t *err) {
  soma_hook_begins();
  soma_call call = call_of(request);
  soma_stream out = {soma_neuron_response_borrow_response_stream(response)};
  soma_status status = stream(&call, (soma_text){(const char *)body->ptr, body->len}, &out);
  soma_neuron_response_response_stream_drop_own(response);
  if (status.outcome != SOMA_OK) *err = failure(status);
  soma_hook_ends();
  return status.outcome == SOMA_OK;
}
#endif

#if defined SOMA_HOOK_BLACKLIST || defined SOMA_HOOK_VERIFY
static soma_neuron_types_verdict_t verdict(soma_verdict found) {
  soma_neuron_types_verdict_t said = {0};
  said.tag = found.denied ? SOMA_NEURON_TYPES_VERDICT_DENY : SOMA_NEURON_TYPES_VERDICT_ALLOW;
  if (found.denied) said.val.deny = given(found.reason);
  return said;
}
#endif

#ifdef SOMA_HOOK_BLACKLIST
void exports_soma_neuron_blacklist_check(soma_neuron_types_request_t *request, soma_neuron_types_verdict_t *ret) {
  soma_hook_begins();
  soma_call call = call_of(request);
  bool live = soma_this_plugin.blacklist != NULL;
  // A gate that was promised and is not there must not stand open.
  *ret = verdict(live ? soma_this_plugin.blacklist(&call) : soma_deny("not open for requests"));
  if (!live) soma_log(SOMA_ERROR, "the manifest has a hook blacklist that SOMA_PLUGIN does not name");
  soma_hook_ends();
}
#endif

#ifdef SOMA_HOOK_VERIFY
void exports_soma_neuron_verify_check(soma_neuron_types_request_t *request, plugin_list_u8_t *body,
                                      soma_neuron_types_verdict_t *ret) {
  soma_hook_begins();
  soma_call call = call_of(request);
  const soma_check *check = soma_this_plugin.verify;
  soma_verdict found = check == NULL ? soma_deny("not open for requests") : soma_allow();
  while (check != NULL && check->route != NULL && !soma_equal(call.route, soma_text_of(check->route))) check++;
  if (check != NULL && check->route != NULL) {
    soma_object in;
    // What cannot be read was not checked, and so does not pass.
    bool readable = soma_parse_object((soma_text){(const char *)body->ptr, body->len}, &in);
    found = readable ? check->check(&call, &in) : soma_deny("the body is no JSON object");
  }
  *ret = verdict(found);
  soma_hook_ends();
}
#endif

#ifdef SOMA_HOOK_PRIORITY
double exports_soma_neuron_priority_rank(soma_neuron_types_request_t *request) {
  soma_hook_begins();
  soma_call call = call_of(request);
  double rank = soma_this_plugin.priority == NULL ? 0 : soma_this_plugin.priority(&call);
  soma_hook_ends();
  return rank;
}
#endif
