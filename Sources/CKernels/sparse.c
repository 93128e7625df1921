// SPDX-License-Identifier: Apache-2.0
//
// Masks of sparse weights, and moving elements between dense and compact order.
#include "internal.h"

enum { BYTE = 8, RUN = 64 };

/// A byte of eight flags of 0 or 1, the first in bit 0.
MPK_INLINE uint8_t gathered(const uint8_t *flags) {
  uint64_t word;
  memcpy(&word, flags, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  return (uint8_t)((word * 0x0102040810204080ull) >> 56);
}

MPK_INLINE void above_half(const uint16_t *x, size_t n, uint16_t limit, uint8_t *flags) {
  for (size_t i = 0; i < n; i++) flags[i] = (x[i] & 0x7fff) > limit;
}

MPK_INLINE void above_single(const void *x, size_t n, uint32_t limit, uint8_t *flags) {
  const uint8_t *bytes = x;
  for (size_t i = 0; i < n; i++) {
    uint32_t bits;
    memcpy(&bits, bytes + 4 * i, sizeof bits);
    flags[i] = (bits & 0x7fffffff) > limit;
  }
}

MPK_INLINE void keep_above_body(
    int native, const void *x, int half, size_t n, uint32_t limit, uint8_t *mask) {
  (void)native;
  uint8_t flags[RUN];
  for (size_t i = 0; i < n; i += RUN) {
    size_t count = n - i < RUN ? n - i : RUN;
    if (count < RUN) memset(flags, 0, sizeof flags);
    if (half) {
      above_half((const uint16_t *)x + i, count, (uint16_t)limit, flags);
    } else {
      above_single((const uint8_t *)x + 4 * i, count, limit, flags);
    }
    for (size_t j = 0; j < count; j += BYTE) mask[(i + j) / BYTE] = gathered(flags + j);
  }
}
MPK_VERSIONS(
    void, keep_above, (const void *x, int half, size_t n, uint32_t limit, uint8_t *mask), x, half,
    n, limit, mask)

MPK_INLINE uint64_t count_bits_body(int native, const uint8_t *mask, size_t bytes) {
  (void)native;
  uint64_t count = 0;
  size_t i = 0;
  for (; i + 8 <= bytes; i += 8) {
    uint64_t word;
    memcpy(&word, mask + i, sizeof word);
    count += (uint64_t)__builtin_popcountll(word);
  }
  for (; i < bytes; i++) count += (uint64_t)__builtin_popcount(mask[i]);
  return count;
}
MPK_VERSIONS(uint64_t, count_bits, (const uint8_t *mask, size_t bytes), mask, bytes)

// MARK: Dense and compact order

MPK_INLINE unsigned bit_at(const uint8_t *mask, size_t i) {
  return (mask[i / BYTE] >> (i % BYTE)) & 1u;
}

// The place never runs ahead of the element, so every store stays within n elements.
#define COMPACT(type)                                 \
  do {                                                \
    const type *from = x;                             \
    type *to = y;                                     \
    for (size_t i = 0; i < n; i++) {                  \
      to[place] = from[i];                            \
      place += bit_at(mask, i);                       \
    }                                                 \
  } while (0)

size_t mpk_compact(const void *x, size_t element_size, const uint8_t *mask, size_t n, void *y) {
  size_t place = 0;
  switch (element_size) {
    case 1: COMPACT(uint8_t); break;
    case 2: COMPACT(uint16_t); break;
    default: COMPACT(uint32_t); break;
  }
  return place;
}

/// Eight bytes of 0 or 1 from a byte of eight bits; the reverse of `gathered`.
MPK_INLINE void spread(uint8_t bits, uint8_t *flags) {
  uint64_t word = (bits * 0x0101010101010101ull) & 0x8040201008040201ull;
  word = ((word + 0x7f7f7f7f7f7f7f7full) >> 7) & 0x0101010101010101ull;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  memcpy(flags, &word, sizeof word);
}

#define CLEAR(type)                                                           \
  do {                                                                        \
    type *to = (type *)x + i;                                                 \
    for (size_t j = 0; j < count; j++) to[j] = flags[j] ? to[j] : (type)0;    \
  } while (0)

MPK_INLINE void clear_unkept_body(
    int native, void *x, size_t element_size, const uint8_t *mask, size_t n) {
  (void)native;
  uint8_t flags[RUN];
  for (size_t i = 0; i < n; i += RUN) {
    size_t count = n - i < RUN ? n - i : RUN;
    for (size_t j = 0; j < count; j += BYTE) spread(mask[(i + j) / BYTE], flags + j);
    switch (element_size) {
      case 1: CLEAR(uint8_t); break;
      case 2: CLEAR(uint16_t); break;
      default: CLEAR(uint32_t); break;
    }
  }
}
MPK_VERSIONS(
    void, clear_unkept, (void *x, size_t element_size, const uint8_t *mask, size_t n), x,
    element_size, mask, n)
