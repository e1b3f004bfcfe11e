#include "../json.h"

#include <math.h>
#include <string.h>

#include "check.h"

static bool is(soma_text text, const char *expected) { return soma_equal(text, soma_text_of(expected)); }

static soma_object object_of(const char *json) {
  soma_object object;
  CHECK(soma_parse_object(soma_text_of(json), &object));
  return object;
}

static void reads_fields_by_name(void) {
  soma_object in = object_of(
      " { \"prompt\" : \"the fox\" , \"n\":-12,\"t\":0.7,\"yes\":true,\"no\":false,\"none\":null,"
      "\"tags\":[ \"a\" , \"\\u00fc\" ],\"inner\":{\"x\":[1,{\"y\":[]}]},\"n\":5} ");
  soma_text text;
  int64_t n;
  double t;
  bool yes, no;
  soma_texts tags;
  soma_object inner;
  CHECK(soma_get_text(&in, "prompt", &text) && is(text, "the fox"));
  CHECK(soma_get_int(&in, "n", &n) && n == 5);
  CHECK(soma_get_number(&in, "t", &t) && t == 0.7);
  CHECK(soma_get_bool(&in, "yes", &yes) && yes && soma_get_bool(&in, "no", &no) && !no);
  CHECK(soma_find(&in, "none")->kind == SOMA_NULL);
  CHECK(soma_get_texts(&in, "tags", &tags) && tags.len == 2 && is(tags.items[1], "\xC3\xBC"));
  CHECK(soma_get_object(&in, "inner", &inner) && is(soma_find(&inner, "x")->json, "[1,{\"y\":[]}]"));
  CHECK(soma_find(&in, "absent") == NULL && !soma_get_text(&in, "absent", &text));
  CHECK(!soma_get_text(&in, "n", &text) && !soma_get_int(&in, "prompt", &n) && !soma_get_bool(&in, "none", &yes));
  CHECK(!soma_get_texts(&in, "inner", &tags) && !soma_get_object(&in, "tags", &inner));
}

static void reads_escapes(void) {
  soma_object in = object_of("{\"\\u0061\\/\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20ac\\ud83d\\ude00\\u0000\"}");
  soma_text text;
  CHECK(soma_get_text(&in, "a/", &text));
  CHECK(soma_equal(text, SOMA_TEXT("\"\\/\b\f\n\r\t\xE2\x82\xAC\xF0\x9F\x98\x80\0")));
}

static void tells_json_from_what_is_none(void) {
  static const char *const good[] = {"{}", "[]", "0", "-0", "1e5", "1E+5", "1.25e-7", "\"\"", "null", " true ", "[[],{}]"};
  static const char *const bad[] = {
      "",       "{",          "}",          "[1,]",       "[,1]",       "{\"a\":1,}",  "{a:1}",   "{\"a\"}",   "01",
      "-",      "1.",         ".5",         "+1",         "1e",         "0x1",         "nul",     "truee",     "'a'",
      "\"a",    "\"\\x\"",    "\"\\u12\"",  "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\"", "\"\t\"", "\"\xFF\"",
      "[1 2]",  "{} {}",      "\"\\",       "NaN",        "[1",         "{\"a\":}",    "\"\\u00g0\""};
  soma_value value;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) CHECK(soma_parse_value(soma_text_of(good[i]), &value));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    if (soma_parse_value(soma_text_of(bad[i]), &value)) fprintf(stderr, "taken: %s\n", bad[i]);
    CHECK(!soma_parse_value(soma_text_of(bad[i]), &value));
  }
  soma_object object;
  CHECK(!soma_parse_object(SOMA_TEXT("[]"), &object) && !soma_parse_object(SOMA_TEXT("{}x"), &object));
}

static void goes_only_so_deep(void) {
  char json[201];
  soma_value value;
  for (int depth = 1; depth <= 100; depth++) {
    memset(json, '[', (size_t)depth);
    memset(json + depth, ']', (size_t)depth);
    CHECK(soma_parse_value((soma_text){json, (size_t)depth * 2}, &value) == (depth <= 64));
  }
}

static void knows_the_ends_of_numbers(void) {
  soma_object in = object_of(
      "{\"least\":-9223372036854775808,\"most\":9223372036854775807,\"more\":9223372036854775808,"
      "\"less\":-9223372036854775809,\"whole\":1.50e2,\"part\":1.5,\"huge\":1e999,\"far\":1e17}");
  int64_t n;
  double t;
  CHECK(soma_get_int(&in, "least", &n) && n == INT64_MIN);
  CHECK(soma_get_int(&in, "most", &n) && n == INT64_MAX);
  CHECK(soma_get_int(&in, "whole", &n) && n == 150);
  CHECK(!soma_get_int(&in, "more", &n) && !soma_get_int(&in, "less", &n) && !soma_get_int(&in, "part", &n));
  CHECK(!soma_get_int(&in, "huge", &n) && !soma_get_int(&in, "far", &n));
  CHECK(!soma_get_number(&in, "huge", &t) && soma_get_number(&in, "far", &t) && t == 1e17);
}

static void writes_fields_in_their_order(void) {
  soma_object out = {0}, inner = {0};
  soma_texts tags = {(soma_text[]){SOMA_TEXT("a"), SOMA_TEXT("\"")}, 2};
  soma_set_text(&out, "text", SOMA_TEXT("q\"\\\n\x01\xC3\xBC\xFF"));
  soma_set_int(&out, "n", INT64_MIN);
  soma_set_number(&out, "t", 0.1);
  soma_set_number(&out, "nan", NAN);
  soma_set_bool(&out, "yes", true);
  soma_set_null(&out, "n");
  soma_set_texts(&out, "tags", tags);
  soma_set_int(&inner, "\"", 1);
  soma_set_object(&out, "inner", &inner);
  CHECK(soma_set_json(&out, "raw", SOMA_TEXT(" [1] ")) && !soma_set_json(&out, "bad", SOMA_TEXT("[1")));
  CHECK(is(soma_write_object(&out), "{\"text\":\"q\\\"\\\\\\u000a\\u0001\xC3\xBC\xEF\xBF\xBD\",\"n\":null,\"t\":0.1,\"nan\":null,"
                                    "\"yes\":true,\"tags\":[\"a\",\"\\\"\"],\"inner\":{\"\\\"\":1},\"raw\":[1]}"));
  soma_object empty = {0};
  CHECK(is(soma_write_object(&empty), "{}"));
}

static void a_copy_changes_alone(void) {
  soma_object in = object_of("{\"a\":1,\"b\":[2]}"), out = soma_copy_object(&in);
  soma_set_int(&out, "a", 3);
  soma_set_null(&out, "c");
  CHECK(is(soma_write_object(&in), "{\"a\":1,\"b\":[2]}"));
  CHECK(is(soma_write_object(&out), "{\"a\":3,\"b\":[2],\"c\":null}"));
}

static void numbers_come_back_as_they_went(void) {
  static const double numbers[] = {0, -0.0, 1, 1.0 / 3, 1e300, 5e-324, 123456789.123, -2.5e-10, 9007199254740993.0};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
    soma_object out = {0}, in;
    double back;
    soma_set_number(&out, "x", numbers[i]);
    CHECK(soma_parse_object(soma_write_object(&out), &in) && soma_get_number(&in, "x", &back) && back == numbers[i]);
  }
}

void test_json(void) {
  reads_fields_by_name();
  reads_escapes();
  tells_json_from_what_is_none();
  goes_only_so_deep();
  knows_the_ends_of_numbers();
  writes_fields_in_their_order();
  a_copy_changes_alone();
  numbers_come_back_as_they_went();
}
