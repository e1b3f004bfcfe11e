// Writing JSON: a field is written when it is set, so that writing the object only puts them side by side.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

static void append_string(soma_buffer *out, soma_text text) {
  static const char hex[] = "0123456789abcdef";
  text = soma_clean(text);
  soma_append_byte(out, '"');
  size_t from = 0;
  for (size_t at = 0; at < text.len; at++) {
    unsigned char byte = (unsigned char)text.ptr[at];
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    soma_append(out, (soma_text){text.ptr + from, at - from});
    from = at + 1;
    if (byte >= 0x20) {
      char escape[] = {'\\', (char)byte};
      soma_append(out, (soma_text){escape, 2});
    } else {
      char escape[] = {'\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15]};
      soma_append(out, (soma_text){escape, 6});
    }
  }
  soma_append(out, (soma_text){text.ptr + from, text.len - from});
  soma_append_byte(out, '"');
}

void soma_append_field(soma_object *object, soma_text name, soma_value value) {
  soma_field *field = soma_alloc(sizeof(soma_field));
  *field = (soma_field){name, value, NULL};
  if (object->last == NULL) object->first = field;
  else object->last->next = field;
  object->last = field;
}

soma_object soma_copy_object(const soma_object *object) {
  soma_object copy = {0};
  for (const soma_field *field = object->first; field != NULL; field = field->next) {
    soma_append_field(&copy, field->name, field->value);
  }
  return copy;
}

static void set(soma_object *object, const char *name, soma_kind kind, soma_text json) {
  soma_text wanted = soma_text_of(name);
  for (soma_field *field = object->first; field != NULL; field = field->next) {
    if (soma_equal(field->name, wanted)) {
      field->value = (soma_value){kind, json};
      return;
    }
  }
  soma_buffer copy = {0};
  soma_append(&copy, wanted);
  soma_append_field(object, soma_buffer_text(&copy), (soma_value){kind, json});
}

void soma_set_text(soma_object *object, const char *name, soma_text value) {
  soma_buffer out = {0};
  append_string(&out, value);
  set(object, name, SOMA_STRING, soma_buffer_text(&out));
}

void soma_set_int(soma_object *object, const char *name, int64_t value) {
  set(object, name, SOMA_NUMBER, soma_format("%" PRId64, value));
}

void soma_set_number(soma_object *object, const char *name, double value) {
  if (!isfinite(value)) {
    soma_set_null(object, name);
    return;
  }
  // The fewest digits that lead back to the same double: 17 always do.
  char digits[32];
  for (int precision = 15; precision <= 17; precision++) {
    snprintf(digits, sizeof digits, "%.*g", precision, value);
    if (strtod(digits, NULL) == value) break;
  }
  set(object, name, SOMA_NUMBER, soma_format("%s", digits));
}

void soma_set_bool(soma_object *object, const char *name, bool value) {
  set(object, name, SOMA_BOOL, value ? SOMA_TEXT("true") : SOMA_TEXT("false"));
}

void soma_set_null(soma_object *object, const char *name) { set(object, name, SOMA_NULL, SOMA_TEXT("null")); }

void soma_set_texts(soma_object *object, const char *name, soma_texts value) {
  soma_buffer out = {0};
  soma_append_byte(&out, '[');
  for (size_t i = 0; i < value.len; i++) {
    if (i > 0) soma_append_byte(&out, ',');
    append_string(&out, value.items[i]);
  }
  soma_append_byte(&out, ']');
  set(object, name, SOMA_ARRAY, soma_buffer_text(&out));
}

void soma_set_object(soma_object *object, const char *name, const soma_object *value) {
  set(object, name, SOMA_OBJECT, soma_write_object(value));
}

bool soma_set_json(soma_object *object, const char *name, soma_text json) {
  soma_value value;
  if (!soma_parse_value(json, &value)) return false;
  set(object, name, value.kind, value.json);
  return true;
}

soma_text soma_write_object(const soma_object *object) {
  soma_buffer out = {0};
  soma_append_byte(&out, '{');
  for (const soma_field *field = object->first; field != NULL; field = field->next) {
    if (field != object->first) soma_append_byte(&out, ',');
    append_string(&out, field->name);
    soma_append_byte(&out, ':');
    soma_append(&out, field->value.json);
  }
  soma_append_byte(&out, '}');
  return soma_buffer_text(&out);
}
