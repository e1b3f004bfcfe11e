// The memory of one hook. For the SDK itself.
#ifndef SOMA_ARENA_H
#define SOMA_ARENA_H

#include <stddef.h>

// Moves `ptr` with its `old_size` bytes to where `size` bytes have room; in place when it was the last one.
void *soma_grow(void *ptr, size_t old_size, size_t size);
// A hook begins: its parameters are in the arena already.
void soma_hook_begins(void);
// Its result stays until the next hook's parameters come.
void soma_hook_ends(void);

#endif
