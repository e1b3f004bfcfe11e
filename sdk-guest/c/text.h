// UTF-8. For the SDK itself.
#ifndef SOMA_TEXT_H
#define SOMA_TEXT_H

#include "soma.h"

// The character at byte `*at`, which is moved behind it. False, with both as they were, when the bytes are no UTF-8.
// `*at` must be less than the text's length.
bool soma_decode(soma_text text, size_t *at, uint32_t *character);
// The text with U+FFFD for bytes that are no UTF-8; the text itself when there are none. The host takes nothing else.
soma_text soma_clean(soma_text text);

#endif
