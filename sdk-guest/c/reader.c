// Reading JSON: the whole text is checked once, an object's fields are kept as they are written and decoded when they
// are asked for.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"

// Lists and objects in each other. Each takes a frame of the 64 KiB stack.
#define DEEPEST 64

typedef struct reader {
  soma_text text;
  size_t at;
} reader;

static bool read_value(reader *in, int depth, soma_value *value);

static bool at_end(const reader *in) { return in->at >= in->text.len; }

// The byte that comes next; 0, which is never right, at the end.
static char peek(const reader *in) { return at_end(in) ? 0 : in->text.ptr[in->at]; }

static bool take(reader *in, char expected) {
  if (at_end(in) || in->text.ptr[in->at] != expected) return false;
  in->at++;
  return true;
}

static bool is_blank(char byte) { return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n'; }

static void skip_blanks(reader *in) {
  while (is_blank(peek(in))) in->at++;
}

static bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

static bool digits(reader *in) {
  if (!is_digit(peek(in))) return false;
  while (is_digit(peek(in))) in->at++;
  return true;
}

static bool read_number(reader *in) {
  take(in, '-');
  if (!take(in, '0') && !digits(in)) return false;
  if (take(in, '.') && !digits(in)) return false;
  if (take(in, 'e') || take(in, 'E')) {
    if (!take(in, '+')) take(in, '-');
    return digits(in);
  }
  return true;
}

static bool read_word(reader *in, const char *word) {
  size_t len = strlen(word);
  if (in->text.len - in->at < len || memcmp(in->text.ptr + in->at, word, len) != 0) return false;
  in->at += len;
  return true;
}

static bool read_hex(reader *in, uint32_t *unit) {
  *unit = 0;
  for (int i = 0; i < 4; i++, in->at++) {
    char byte = peek(in);
    uint32_t digit;
    if (is_digit(byte)) digit = (uint32_t)(byte - '0');
    else if (byte >= 'a' && byte <= 'f') digit = (uint32_t)(byte - 'a') + 10;
    else if (byte >= 'A' && byte <= 'F') digit = (uint32_t)(byte - 'A') + 10;
    else return false;
    *unit = *unit << 4 | digit;
  }
  return true;
}

// What stands behind a backslash. Half of a pair of UTF-16 units is no character.
static bool read_escape(reader *in, uint32_t *character) {
  static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  char name = peek(in);
  in->at++;
  if (name == 'u') {
    uint32_t low;
    if (!read_hex(in, character)) return false;
    if (*character < 0xD800 || *character > 0xDFFF) return true;
    if (*character > 0xDBFF || !take(in, '\\') || !take(in, 'u') || !read_hex(in, &low)) return false;
    if (low < 0xDC00 || low > 0xDFFF) return false;
    *character = 0x10000 + ((*character - 0xD800) << 10) + (low - 0xDC00);
    return true;
  }
  const char *found = name == 0 ? NULL : strchr(names, name);
  if (found == NULL) return false;
  *character = (unsigned char)meant[found - names];
  return true;
}

// Goes through a string, from its first quote to behind its last. With `out` its characters are appended there.
static bool read_string(reader *in, soma_buffer *out) {
  if (!take(in, '"')) return false;
  while (!at_end(in)) {
    uint32_t character;
    if (take(in, '"')) return true;
    if (take(in, '\\')) {
      if (at_end(in) || !read_escape(in, &character)) return false;
    } else if ((unsigned char)peek(in) < 0x20 || !soma_decode(in->text, &in->at, &character)) {
      return false;
    }
    if (out != NULL) soma_append_char(out, character);
  }
  return false;
}

// The characters of a string that was checked. Without escapes it is a part of the text, and nothing is copied.
static soma_text decoded(soma_text json) {
  soma_text inner = {json.ptr + 1, json.len - 2};
  if (memchr(inner.ptr, '\\', inner.len) == NULL) return inner;
  reader in = {json, 0};
  soma_buffer out = {0};
  read_string(&in, &out);
  return soma_buffer_text(&out);
}

static bool read_list(reader *in, int depth) {
  soma_value ignored;
  if (depth >= DEEPEST || !take(in, '[')) return false;
  skip_blanks(in);
  if (take(in, ']')) return true;
  do {
    if (!read_value(in, depth + 1, &ignored)) return false;
    skip_blanks(in);
  } while (take(in, ','));
  return take(in, ']');
}

// With `object` its fields are added there.
static bool read_object(reader *in, int depth, soma_object *object) {
  if (depth >= DEEPEST || !take(in, '{')) return false;
  skip_blanks(in);
  if (take(in, '}')) return true;
  do {
    skip_blanks(in);
    size_t start = in->at;
    if (!read_string(in, NULL)) return false;
    soma_text name = {in->text.ptr + start, in->at - start};
    skip_blanks(in);
    soma_value value;
    if (!take(in, ':') || !read_value(in, depth + 1, &value)) return false;
    if (object != NULL) soma_append_field(object, decoded(name), value);
    skip_blanks(in);
  } while (take(in, ','));
  return take(in, '}');
}

static bool read_value(reader *in, int depth, soma_value *value) {
  skip_blanks(in);
  size_t start = in->at;
  bool good;
  switch (peek(in)) {
    case '"': value->kind = SOMA_STRING; good = read_string(in, NULL); break;
    case '{': value->kind = SOMA_OBJECT; good = read_object(in, depth, NULL); break;
    case '[': value->kind = SOMA_ARRAY; good = read_list(in, depth); break;
    case 't': value->kind = SOMA_BOOL; good = read_word(in, "true"); break;
    case 'f': value->kind = SOMA_BOOL; good = read_word(in, "false"); break;
    case 'n': value->kind = SOMA_NULL; good = read_word(in, "null"); break;
    default: value->kind = SOMA_NUMBER; good = read_number(in); break;
  }
  value->json = (soma_text){in->text.ptr + start, in->at - start};
  return good;
}

bool soma_parse_value(soma_text json, soma_value *value) {
  reader in = {json, 0};
  if (!read_value(&in, 0, value)) return false;
  skip_blanks(&in);
  return at_end(&in);
}

bool soma_parse_object(soma_text json, soma_object *object) {
  reader in = {json, 0};
  *object = (soma_object){0};
  skip_blanks(&in);
  if (!read_object(&in, 0, object)) return false;
  skip_blanks(&in);
  return at_end(&in);
}

bool soma_parse_texts(soma_text json, soma_texts *list) {
  soma_value whole, item;
  if (!soma_parse_value(json, &whole) || whole.kind != SOMA_ARRAY) return false;
  reader in = {whole.json, 1};
  skip_blanks(&in);
  size_t len = 0, room = 0;
  soma_text *items = NULL;
  // It was checked: after each item comes a comma or the end.
  while (!at_end(&in) && peek(&in) != ']') {
    if (!read_value(&in, 0, &item) || item.kind != SOMA_STRING) return false;
    if (len == room) {
      room = room == 0 ? 8 : room * 2;
      soma_text *more = soma_alloc(room * sizeof(soma_text));
      if (len > 0) memcpy(more, items, len * sizeof(soma_text));
      items = more;
    }
    items[len++] = decoded(item.json);
    skip_blanks(&in);
    take(&in, ',');
  }
  *list = (soma_texts){items, len};
  return true;
}

const soma_value *soma_find(const soma_object *object, const char *name) {
  const soma_value *found = NULL;
  soma_text wanted = soma_text_of(name);
  for (const soma_field *field = object->first; field != NULL; field = field->next) {
    if (soma_equal(field->name, wanted)) found = &field->value;
  }
  return found;
}

static const soma_value *find_kind(const soma_object *object, const char *name, soma_kind kind) {
  const soma_value *value = soma_find(object, name);
  return value != NULL && value->kind == kind ? value : NULL;
}

bool soma_get_text(const soma_object *object, const char *name, soma_text *value) {
  const soma_value *found = find_kind(object, name, SOMA_STRING);
  if (found != NULL) *value = decoded(found->json);
  return found != NULL;
}

bool soma_get_bool(const soma_object *object, const char *name, bool *value) {
  const soma_value *found = find_kind(object, name, SOMA_BOOL);
  if (found != NULL) *value = found->json.ptr[0] == 't';
  return found != NULL;
}

bool soma_get_texts(const soma_object *object, const char *name, soma_texts *value) {
  const soma_value *found = find_kind(object, name, SOMA_ARRAY);
  return found != NULL && soma_parse_texts(found->json, value);
}

bool soma_get_object(const soma_object *object, const char *name, soma_object *value) {
  const soma_value *found = find_kind(object, name, SOMA_OBJECT);
  return found != NULL && soma_parse_object(found->json, value);
}

// The nearest double. strtod wants an end that it knows.
static double nearest(soma_text json) {
  char *copy = soma_alloc(json.len + 1);
  memcpy(copy, json.ptr, json.len);
  copy[json.len] = 0;
  return strtod(copy, NULL);
}

bool soma_get_number(const soma_object *object, const char *name, double *value) {
  const soma_value *found = find_kind(object, name, SOMA_NUMBER);
  if (found == NULL) return false;
  double number = nearest(found->json);
  if (!isfinite(number)) return false;
  *value = number;
  return true;
}

// The digits alone, counted down from 0: the least number has no positive twin.
static bool plain_integer(soma_text json, int64_t *value) {
  bool negative = json.ptr[0] == '-';
  int64_t number = 0;
  for (size_t i = negative; i < json.len; i++) {
    int digit = json.ptr[i] - '0';
    if (number < INT64_MIN / 10 || number * 10 < INT64_MIN + digit) return false;
    number = number * 10 - digit;
  }
  if (!negative && number == INT64_MIN) return false;
  *value = negative ? number : -number;
  return true;
}

bool soma_get_int(const soma_object *object, const char *name, int64_t *value) {
  const soma_value *found = find_kind(object, name, SOMA_NUMBER);
  if (found == NULL) return false;
  bool plain = true;
  for (size_t i = 0; i < found->json.len; i++) {
    char byte = found->json.ptr[i];
    plain = plain && (is_digit(byte) || byte == '-');
  }
  if (plain) return plain_integer(found->json, value);
  // With a point or an exponent it is an integer only as far as doubles are exact.
  double number = nearest(found->json);
  if (!(fabs(number) <= 9007199254740992.0) || number != floor(number)) return false;
  *value = (int64_t)number;
  return true;
}
