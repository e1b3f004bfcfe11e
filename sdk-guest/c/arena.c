// The memory of one hook: a static block first, the growth of the plugin's memory only when that is used up.
//
// Why: the host makes a fresh instance for each request. An instance that asks for more memory costs a system call
// under a lock that all threads share; one that lives in this block costs none. Nothing is freed one by one: a hook is
// short, and the block starts empty with the next one.
#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "soma.h"

// 64 KiB hold the parsed and the written form of a request of some ten KiB.
#ifndef SOMA_ARENA
#define SOMA_ARENA (64 * 1024)
#endif
#define ALIGNMENT 16

// What did not fit.
typedef struct block {
  struct block *next;
  _Alignas(ALIGNMENT) unsigned char bytes[];
} block;

static _Alignas(ALIGNMENT) unsigned char arena[SOMA_ARENA + ALIGNMENT];
static size_t used;
static block *blocks;
static bool over;

static void out_of_memory(void) {
#ifdef __wasm__
  // The host knows which budget it was.
  __builtin_trap();
#else
  abort();
#endif
}

static void reset(void) {
  while (blocks != NULL) {
    block *next = blocks->next;
    free(blocks);
    blocks = next;
  }
  used = 0;
  over = false;
}

static size_t rounded(size_t size) {
  if (size > SIZE_MAX - sizeof(block) - ALIGNMENT) out_of_memory();
  return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

void *soma_alloc(size_t size) {
  size = rounded(size);
  if (size <= SOMA_ARENA - used) {
    void *ptr = arena + used;
    used += size;
    return ptr;
  }
  block *more = malloc(sizeof(block) + size);
  if (more == NULL) out_of_memory();
  more->next = blocks;
  blocks = more;
  return more->bytes;
}

void *soma_grow(void *ptr, size_t old_size, size_t size) {
  if (ptr == NULL) return soma_alloc(size);
  if (size <= old_size) return ptr;
  size_t start = used - rounded(old_size);
  if (used >= rounded(old_size) && ptr == arena + start && rounded(size) <= SOMA_ARENA - start) {
    used = start + rounded(size);
    return ptr;
  }
  void *moved = soma_alloc(size);
  memcpy(moved, ptr, old_size);
  return moved;
}

void soma_hook_begins(void) {
  if (over) reset();
}

void soma_hook_ends(void) { over = true; }

#ifdef __wasm__
// Where the host puts what it hands over. The first call after a hook's end is for the next one.
__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *ptr, size_t old_size, size_t align, size_t size) {
  if (over) reset();
  if (size == 0) return (void *)align;
  return soma_grow(old_size == 0 ? NULL : ptr, old_size, size);
}

// The generated bindings are built with this in place of free: the arena is emptied as a whole.
void soma_free(void *ptr) { (void)ptr; }
#endif
