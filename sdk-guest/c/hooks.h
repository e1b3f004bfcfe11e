// The generated bindings of this plugin's world, and what they need around them. For the SDK itself.
#ifndef SOMA_HOOKS_H
#define SOMA_HOOKS_H

#include "plugin.h"
#include "soma.h"

#ifdef SOMA_HOOK_STREAMING
struct soma_stream {
  soma_neuron_response_borrow_response_stream_t handle;
};
#endif

#endif
