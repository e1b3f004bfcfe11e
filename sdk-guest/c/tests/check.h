// A check that says which one failed, and ends the program.
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(holds)                                                                \
  do {                                                                              \
    if (!(holds)) {                                                                 \
      fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #holds);    \
      exit(1);                                                                      \
    }                                                                               \
  } while (0)

void test_arena(void);
void test_json(void);
void test_text(void);
void test_mutated_json(void);

#endif
