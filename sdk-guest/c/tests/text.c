#include "../text.h"

#include "check.h"

static bool is(soma_text text, const char *expected) { return soma_equal(text, soma_text_of(expected)); }

static void formats(void) {
  CHECK(is(soma_format("%d %.*s", 7, SOMA_ARG(SOMA_TEXT("abc"))), "7 abc"));
  CHECK(is(soma_format("%s", ""), ""));
}

static void reads_characters(void) {
  static const uint32_t expected[] = {'a', 0xE9, 0x20AC, 0x1F600, 0xFFFD, 'b', 0xFFFD};
  soma_text text = SOMA_TEXT("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xFF" "b\xE2");
  size_t at = 0, count = 0;
  while (at < text.len) CHECK(soma_next_char(text, &at) == expected[count++]);
  CHECK(count == sizeof expected / sizeof expected[0]);
}

static void refuses_what_is_no_utf8(void) {
  // Too long, a half of a pair, beyond the last character, cut off, a follower alone.
  static const char *const bad[] = {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF0\x9F\x98", "\x80"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    size_t at = 0;
    uint32_t character;
    CHECK(!soma_decode(soma_text_of(bad[i]), &at, &character) && at == 0);
    soma_text clean = soma_clean(soma_text_of(bad[i]));
    CHECK(soma_decode(clean, &at, &character) && character == 0xFFFD);
  }
  soma_text good = SOMA_TEXT("gr\xC3\xBC\xC3\x9F");
  CHECK(soma_clean(good).ptr == good.ptr);
}

static void writes_what_it_reads(void) {
  soma_buffer buffer = {0};
  static const uint32_t characters[] = {0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x10FFFF};
  for (size_t i = 0; i < 8; i++) soma_append_char(&buffer, characters[i]);
  soma_text text = soma_buffer_text(&buffer);
  size_t at = 0;
  for (size_t i = 0; i < 8; i++) CHECK(soma_next_char(text, &at) == characters[i]);
  CHECK(at == text.len);
  soma_buffer bad = {0};
  soma_append_char(&bad, 0xD800);
  soma_append_char(&bad, 0x110000);
  CHECK(is(soma_buffer_text(&bad), "\xEF\xBF\xBD\xEF\xBF\xBD"));
}

void test_text(void) {
  formats();
  reads_characters();
  refuses_what_is_no_utf8();
  writes_what_it_reads();
}
