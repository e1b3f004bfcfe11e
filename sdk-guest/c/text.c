// Texts: comparing, formatting, UTF-8.
#include "text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"

#define REPLACEMENT 0xFFFD

soma_text soma_text_of(const char *string) { return (soma_text){string, strlen(string)}; }

bool soma_equal(soma_text one, soma_text other) {
  return one.len == other.len && (one.len == 0 || memcmp(one.ptr, other.ptr, one.len) == 0);
}

soma_text soma_vformat(const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int len = vsnprintf(NULL, 0, format, again);
  va_end(again);
  if (len < 0) return SOMA_TEXT("(a format that does not work)");
  char *text = soma_alloc((size_t)len + 1);
  vsnprintf(text, (size_t)len + 1, format, arguments);
  return (soma_text){text, (size_t)len};
}

soma_text soma_format(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  soma_text text = soma_vformat(format, arguments);
  va_end(arguments);
  return text;
}

// How many bytes follow the first one of a character that has several; 0 when it is no such first byte.
static int followers(unsigned char first) {
  if (first >= 0xC2 && first <= 0xDF) return 1;
  if (first >= 0xE0 && first <= 0xEF) return 2;
  if (first >= 0xF0 && first <= 0xF4) return 3;
  return 0;
}

bool soma_decode(soma_text text, size_t *at, uint32_t *character) {
  const unsigned char *bytes = (const unsigned char *)text.ptr;
  unsigned char first = bytes[*at];
  if (first < 0x80) {
    *character = first;
    *at += 1;
    return true;
  }
  // The least character with so many bytes: a longer way to write one is not UTF-8.
  static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
  int more = followers(first);
  if (more == 0 || text.len - *at <= (size_t)more) return false;
  uint32_t found = first & (0x3Fu >> more);
  for (int i = 1; i <= more; i++) {
    unsigned char byte = bytes[*at + (size_t)i];
    if ((byte & 0xC0) != 0x80) return false;
    found = found << 6 | (byte & 0x3F);
  }
  if (found < least[more] || found > 0x10FFFF || (found >= 0xD800 && found <= 0xDFFF)) return false;
  *character = found;
  *at += (size_t)more + 1;
  return true;
}

uint32_t soma_next_char(soma_text text, size_t *at) {
  uint32_t character;
  if (soma_decode(text, at, &character)) return character;
  *at += 1;
  return REPLACEMENT;
}

soma_text soma_clean(soma_text text) {
  size_t at = 0;
  uint32_t character;
  while (at < text.len && soma_decode(text, &at, &character)) continue;
  if (at == text.len) return text;
  soma_buffer clean = {0};
  for (at = 0; at < text.len;) soma_append_char(&clean, soma_next_char(text, &at));
  return soma_buffer_text(&clean);
}

static char *room_for(soma_buffer *buffer, size_t more) {
  if (more > buffer->room - buffer->len) {
    // More than can be addressed is more than there is.
    if (more > SIZE_MAX - buffer->len) soma_alloc(SIZE_MAX);
    size_t wanted = buffer->len + more;
    size_t room = buffer->room < 64 ? 64 : buffer->room;
    while (room < wanted) room = room > SIZE_MAX / 2 ? wanted : room * 2;
    buffer->ptr = soma_grow(buffer->ptr, buffer->room, room);
    buffer->room = room;
  }
  char *end = buffer->ptr + buffer->len;
  buffer->len += more;
  return end;
}

void soma_append(soma_buffer *buffer, soma_text text) {
  if (text.len > 0) memcpy(room_for(buffer, text.len), text.ptr, text.len);
}

void soma_append_byte(soma_buffer *buffer, char byte) { *room_for(buffer, 1) = byte; }

void soma_append_char(soma_buffer *buffer, uint32_t character) {
  if (character > 0x10FFFF || (character >= 0xD800 && character <= 0xDFFF)) character = REPLACEMENT;
  if (character < 0x80) {
    soma_append_byte(buffer, (char)character);
    return;
  }
  int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
  static const unsigned char marks[] = {0, 0xC0, 0xE0, 0xF0};
  char *out = room_for(buffer, (size_t)more + 1);
  for (int i = more; i > 0; i--, character >>= 6) out[i] = (char)(0x80 | (character & 0x3F));
  out[0] = (char)(marks[more] | character);
}

soma_text soma_buffer_text(const soma_buffer *buffer) {
  return (soma_text){buffer->len == 0 ? "" : buffer->ptr, buffer->len};
}
