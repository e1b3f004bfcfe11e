// Mutated JSON: whatever comes, nothing is read out of bounds, and what is taken can be written and read again.
#include <string.h>

#include "../arena.h"
#include "../json.h"
#include "check.h"

#define ROUNDS 100000
#define LONGEST 256

static uint32_t state = 2463534242;

// Xorshift: the same numbers in each run.
static uint32_t random_below(uint32_t end) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % end;
}

static const char *const seeds[] = {
    "{\"prompt\":\"the quick fox\",\"max_tokens\":100,\"temperature\":0.7,\"generated_text\":null}",
    "{\"a\":[\"x\",\"\\u00fc\\ud83d\\ude00\\n\"],\"b\":{\"c\":[[],{}]},\"d\":true,\"e\":-1.5e-7}",
    "{\"\\\"\":\"\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80\", \"n\" : 9223372036854775807 , \"t\" : [ 1 , 2 ]}",
};

static size_t mutate(char *text, size_t len) {
  static const char bytes[] = "{}[]\":,\\u0019.eE+-tfn \xC3\xBC\xFF";
  for (uint32_t times = random_below(4); times > 0; times--) {
    size_t at = random_below((uint32_t)len + 1);
    switch (random_below(4)) {
      case 0:
        if (at < len) text[at] = bytes[random_below(sizeof bytes)];
        break;
      case 1:
        if (len < LONGEST) {
          memmove(text + at + 1, text + at, len - at);
          text[at] = bytes[random_below(sizeof bytes)];
          len++;
        }
        break;
      case 2:
        if (at < len) memmove(text + at, text + at + 1, --len - at);
        break;
      default: len = at; break;
    }
  }
  return len;
}

static void read_all(const soma_object *object, int depth) {
  for (const soma_field *field = object->first; field != NULL; field = field->next) {
    char name[LONGEST + 1];
    memcpy(name, field->name.ptr, field->name.len);
    name[field->name.len] = 0;
    soma_text text;
    int64_t n;
    double t;
    bool yes;
    soma_texts texts;
    soma_object inner;
    soma_get_text(object, name, &text);
    soma_get_int(object, name, &n);
    soma_get_number(object, name, &t);
    soma_get_bool(object, name, &yes);
    soma_get_texts(object, name, &texts);
    if (depth < 8 && soma_get_object(object, name, &inner)) read_all(&inner, depth + 1);
  }
}

void test_mutated_json(void) {
  uint32_t taken = 0;
  for (uint32_t round = 0; round < ROUNDS; round++) {
    soma_hook_begins();
    const char *seed = seeds[round % 3];
    size_t len = strlen(seed);
    char mutated[LONGEST + 1];
    memcpy(mutated, seed, len);
    len = mutate(mutated, len);
    // A block of just that size: a read behind its end is seen.
    char *text = malloc(len == 0 ? 1 : len);
    memcpy(text, mutated, len);
    soma_object object, again;
    if (soma_parse_object((soma_text){text, len}, &object)) {
      taken++;
      read_all(&object, 0);
      soma_text written = soma_write_object(&object);
      CHECK(soma_parse_object(written, &again));
      CHECK(soma_equal(soma_write_object(&again), written));
    }
    free(text);
    soma_hook_ends();
  }
  // Both ways were gone.
  CHECK(taken > ROUNDS / 10 && taken < ROUNDS);
}
