#include "../arena.h"

#include <stdint.h>
#include <string.h>

#include "../soma.h"
#include "check.h"

static void grows_and_keeps_what_is_in_it(void) {
  char *text = soma_alloc(3);
  memcpy(text, "abc", 3);
  // So large that no static block holds it.
  for (size_t size = 4; size < 1 << 20; size *= 3) {
    text = soma_grow(text, size == 4 ? 3 : size / 3, size);
    CHECK(memcmp(text, "abc", 3) == 0);
    memset(text + 3, 'x', size - 3);
  }
}

static void starts_empty_after_a_hook(void) {
  soma_hook_begins();
  char *first = soma_alloc(100), *second = soma_alloc(100);
  CHECK(first != second);
  memset(first, 1, 100);
  memset(second, 2, 100);
  CHECK(first[99] == 1);
  soma_hook_ends();
  // The result of the hook is read here.
  CHECK(second[99] == 2);
  soma_hook_begins();
  char *next = soma_alloc(100);
#if !defined SOMA_ARENA
  CHECK(next == first);
#endif
  memset(next, 3, 100);
}

static void is_aligned_for_everything(void) {
  for (size_t size = 0; size < 40; size++) CHECK((uintptr_t)soma_alloc(size) % _Alignof(max_align_t) == 0);
}

void test_arena(void) {
  soma_hook_ends();
  starts_empty_after_a_hook();
  grows_and_keeps_what_is_in_it();
  is_aligned_for_everything();
}
