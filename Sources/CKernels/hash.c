// SPDX-License-Identifier: Apache-2.0
//
// A stripe of 64 bytes is four pairs of little-endian words, one pair per lane. A lane multiplies
// its two words, masked by its state, into 128 bits and keeps the operands beside the product, so
// that a zero operand never hides the other one.
#include "internal.h"

static const uint64_t start[8] = {
    0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89,
    0x452821e638d01377, 0xbe5466cf34e90c6c, 0xc0ac29b7c97c50dd, 0x3f84d5b5b5470917,
};

MPK_INLINE uint64_t rotate(uint64_t x, int by) { return x << by | x >> (64 - by); }

MPK_INLINE uint64_t word(const uint8_t *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  return value;
}

MPK_INLINE void mix(uint64_t lane[2], uint64_t first, uint64_t second) {
  uint64_t a = lane[0] ^ first, b = lane[1] ^ second;
  unsigned __int128 product = (unsigned __int128)a * b;
  lane[0] = ((uint64_t)product ^ rotate(b, 32)) + 0x9216d5d98979fb1b;
  lane[1] = ((uint64_t)(product >> 64) ^ a) + 0xd1310ba698dfb5ac;
}

static const uint8_t *absorb(uint64_t lanes[8], const uint8_t *bytes, size_t stripes) {
  uint64_t state[8];
  memcpy(state, lanes, sizeof state);
  for (; stripes > 0; stripes--, bytes += 64) {
    for (int i = 0; i < 8; i += 2) mix(state + i, word(bytes + 8 * i), word(bytes + 8 * i + 8));
  }
  memcpy(lanes, state, sizeof state);
  return bytes;
}

void mpk_hash_init(mpk_hash *hash) {
  memset(hash, 0, sizeof *hash);
  memcpy(hash->lanes, start, sizeof start);
}

void mpk_hash_update(mpk_hash *hash, const void *bytes, size_t n) {
  if (n == 0) return;
  const uint8_t *next = bytes;
  size_t held = hash->length % 64;
  hash->length += n;
  if (held > 0) {
    size_t taken = n < 64 - held ? n : 64 - held;
    memcpy(hash->pending + held, next, taken);
    if (held + taken < 64) return;
    absorb(hash->lanes, hash->pending, 1);
    next += taken;
    n -= taken;
  }
  next = absorb(hash->lanes, next, n / 64);
  if (n % 64) memcpy(hash->pending, next, n % 64);
}

/// Spreads every bit of a word over all of it.
static uint64_t spread(uint64_t x) {
  x = (x ^ x >> 29) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 32) * 0x94d049bb133111eb;
  return x ^ x >> 29;
}

void mpk_hash_final(const mpk_hash *hash, uint64_t result[2]) {
  uint64_t lanes[8];
  memcpy(lanes, hash->lanes, sizeof lanes);
  size_t held = hash->length % 64;
  if (held > 0) {
    uint8_t last[64] = {0};
    memcpy(last, hash->pending, held);
    absorb(lanes, last, 1);
  }
  uint64_t pair[2] = {start[2] ^ hash->length, start[5] + hash->length};
  for (int round = 0; round < 2; round++) {
    for (int i = 0; i < 8; i += 2) mix(pair, lanes[i], lanes[i + 1]);
  }
  for (int round = 0; round < 2; round++) {
    mix(pair, start[6], start[7]);
    pair[0] = spread(pair[0]);
    pair[1] = spread(pair[1]);
  }
  result[0] = pair[0];
  result[1] = pair[1];
}
