// The parts of the SDK that need no host, on this machine: `cargo xtask test` compiles them with the sanitizers for
// addresses and undefined behaviour, once with the arena and once without, so that each text is a block of its own.
#include "check.h"

int main(void) {
  test_arena();
  test_text();
  test_json();
  test_mutated_json();
  puts("the C SDK: all checks hold");
  return 0;
}
