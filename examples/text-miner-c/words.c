// Words, and their upper case.
#include "miner.h"

static bool is_space(uint32_t character) {
  return (character >= 0x09 && character <= 0x0D) || character == 0x20 || character == 0x85 || character == 0xA0 ||
         character == 0x1680 || (character >= 0x2000 && character <= 0x200A) || character == 0x2028 ||
         character == 0x2029 || character == 0x202F || character == 0x205F || character == 0x3000;
}

static void append_upper(soma_buffer *out, uint32_t character) {
  bool latin = character >= 0xE0 && character <= 0xFE && character != 0xF7;
  if ((character >= 'a' && character <= 'z') || latin) {
    soma_append_char(out, character - 0x20);
  } else if (character == 0xDF) {
    // The German sharp s is two letters in upper case.
    soma_append(out, SOMA_TEXT("SS"));
  } else if (character == 0xFF) {
    soma_append_char(out, 0x178);
  } else if (character == 0xB5) {
    soma_append_char(out, 0x39C);
  } else {
    soma_append_char(out, character);
  }
}

bool next_word(soma_text text, size_t *at, soma_text *word) {
  soma_buffer found = {0};
  while (*at < text.len) {
    uint32_t character = soma_next_char(text, at);
    if (!is_space(character)) append_upper(&found, character);
    else if (found.len > 0) break;
  }
  *word = soma_buffer_text(&found);
  return found.len > 0;
}
