// Images.
#include "miner.h"

// Widest and highest image, in pixels.
#define MOST 2048

// A side of the image, from byte `*at` on; 0 when it is not 1 to MOST.
static uint32_t side(soma_text size, size_t *at) {
  uint32_t pixels = 0;
  size_t start = *at;
  while (*at < size.len && size.ptr[*at] >= '0' && size.ptr[*at] <= '9') {
    if (*at - start == 4) return 0;
    pixels = pixels * 10 + (uint32_t)(size.ptr[(*at)++] - '0');
  }
  return pixels <= MOST ? pixels : 0;
}

// 24 bits of red, green and blue (FNV-1a over the prompt's bytes).
static uint32_t colour(soma_text prompt) {
  uint32_t hash = 0x811C9DC5;
  for (size_t i = 0; i < prompt.len; i++) hash = (hash ^ (unsigned char)prompt.ptr[i]) * 0x01000193;
  return hash >> 8;
}

static soma_text base64(soma_text data) {
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  soma_buffer out = {0};
  for (size_t at = 0; at < data.len; at += 3) {
    size_t left = data.len - at;
    uint32_t three = 0;
    for (size_t i = 0; i < 3; i++) three = three << 8 | (i < left ? (unsigned char)data.ptr[at + i] : 0);
    for (size_t i = 0; i < 4; i++) {
      soma_append_byte(&out, i > left ? '=' : letters[three >> (18 - 6 * i) & 63]);
    }
  }
  return soma_buffer_text(&out);
}

// Stands in for an image model: a rectangle of the wanted size in a colour that depends on the prompt only.
soma_status draw(const soma_call *call, const soma_object *in, soma_object *out) {
  (void)call;
  soma_text prompt, size;
  if (!soma_get_text(in, "prompt", &prompt)) return soma_mismatch("prompt");
  if (!soma_get_text(in, "size", &size)) return soma_mismatch("size");
  size_t at = 0;
  uint32_t width = side(size, &at);
  bool parted = at < size.len && size.ptr[at++] == 'x';
  uint32_t height = parted ? side(size, &at) : 0;
  if (width == 0 || height == 0 || at != size.len) return soma_invalid("size: want WIDTHxHEIGHT, each 1 to %d", MOST);
  soma_text svg = soma_format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\">"
      "<rect width=\"100%%\" height=\"100%%\" fill=\"#%06x\"/></svg>",
      width, height, colour(prompt));
  soma_set_text(out, "image_data", base64(svg));
  return soma_ok();
}
