// JSON. For the SDK itself.
#ifndef SOMA_JSON_H
#define SOMA_JSON_H

#include "soma.h"

// Checks a whole text. False when it is not JSON.
bool soma_parse_value(soma_text json, soma_value *value);
// Appends a field; the name is not copied.
void soma_append_field(soma_object *object, soma_text name, soma_value value);

#endif
