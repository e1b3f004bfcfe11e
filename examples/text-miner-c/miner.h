// The functions of this miner.
#ifndef MINER_H
#define MINER_H

#include "soma.h"

// text.c
soma_status generate(const soma_call *call, const soma_object *in, soma_object *out);
soma_status reverse(const soma_call *call, const soma_object *in, soma_object *out);
// image.c
soma_status draw(const soma_call *call, const soma_object *in, soma_object *out);
// stream.c
soma_status stream(const soma_call *call, const soma_object *in, soma_stream *out);
// gate.c
soma_verdict blacklist(const soma_call *call);
double priority(const soma_call *call);

// words.c: the next word of a text from byte `*at` on, in upper case; false when there is none. Words are parted by what
// Unicode calls white space. Only ASCII and Latin-1 letters get upper case: there is no table for the others in here.
bool next_word(soma_text text, size_t *at, soma_text *word);

#endif
