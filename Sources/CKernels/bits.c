// SPDX-License-Identifier: Apache-2.0
//
// Eight elements of b bits are b whole bytes, so every width is handled by groups of eight.
#include "internal.h"

enum { GROUP = 8 };

size_t mpk_packed_size(size_t n, unsigned bits) {
  return n / GROUP * bits + (n % GROUP * bits + 7) / 8;
}

MPK_INLINE void pack_group(const uint8_t *x, size_t n, unsigned bits, uint8_t *y) {
  uint64_t word = 0;
  uint64_t mask = (1u << bits) - 1;
  for (size_t j = 0; j < n; j++) word |= (x[j] & mask) << (j * bits);
  size_t bytes = (n * bits + 7) / 8;
  for (size_t j = 0; j < bytes; j++) y[j] = (uint8_t)(word >> (8 * j));
}

MPK_INLINE void unpack_group(const uint8_t *x, size_t n, unsigned bits, uint8_t *y) {
  uint64_t word = 0;
  uint64_t mask = (1u << bits) - 1;
  size_t bytes = (n * bits + 7) / 8;
  for (size_t j = 0; j < bytes; j++) word |= (uint64_t)x[j] << (8 * j);
  for (size_t j = 0; j < n; j++) y[j] = (uint8_t)((word >> (j * bits)) & mask);
}

MPK_INLINE void pack_width(const uint8_t *x, size_t n, unsigned bits, uint8_t *y) {
  size_t groups = n / GROUP;
  for (size_t i = 0; i < groups; i++) pack_group(x + i * GROUP, GROUP, bits, y + i * bits);
  if (n % GROUP) pack_group(x + groups * GROUP, n % GROUP, bits, y + groups * bits);
}

MPK_INLINE void unpack_width(const uint8_t *x, size_t n, unsigned bits, uint8_t *y) {
  size_t groups = n / GROUP;
  for (size_t i = 0; i < groups; i++) unpack_group(x + i * bits, GROUP, bits, y + i * GROUP);
  if (n % GROUP) unpack_group(x + groups * bits, n % GROUP, bits, y + groups * GROUP);
}

MPK_INLINE void pack_bits_body(
    int native, const uint8_t *x, size_t n, unsigned bits, uint8_t *y) {
  (void)native;
  switch (bits) {
    case 1: pack_width(x, n, 1, y); return;
    case 2: pack_width(x, n, 2, y); return;
    case 3: pack_width(x, n, 3, y); return;
    case 4:
      for (size_t i = 0; i < n / 2; i++) {
        y[i] = (uint8_t)((x[2 * i] & 15) | (x[2 * i + 1] << 4));
      }
      if (n % 2) y[n / 2] = x[n - 1] & 15;
      return;
    case 6: pack_width(x, n, 6, y); return;
    default: memcpy(y, x, n); return;
  }
}
MPK_VERSIONS(
    void, pack_bits, (const uint8_t *x, size_t n, unsigned bits, uint8_t *y), x, n, bits, y)

MPK_INLINE void unpack_bits_body(
    int native, const uint8_t *x, size_t n, unsigned bits, uint8_t *y) {
  (void)native;
  switch (bits) {
    case 1: unpack_width(x, n, 1, y); return;
    case 2: unpack_width(x, n, 2, y); return;
    case 3: unpack_width(x, n, 3, y); return;
    case 4:
      for (size_t i = 0; i < n / 2; i++) {
        y[2 * i] = x[i] & 15;
        y[2 * i + 1] = x[i] >> 4;
      }
      if (n % 2) y[n - 1] = x[n / 2] & 15;
      return;
    case 6: unpack_width(x, n, 6, y); return;
    default: memcpy(y, x, n); return;
  }
}
MPK_VERSIONS(
    void, unpack_bits, (const uint8_t *x, size_t n, unsigned bits, uint8_t *y), x, n, bits, y)

MPK_INLINE void unpack_signed_bits_body(
    int native, const uint8_t *x, size_t n, unsigned bits, int8_t *y) {
  unpack_bits_body(native, x, n, bits, (uint8_t *)y);
  int sign = 1 << (bits - 1);
  for (size_t i = 0; i < n; i++) y[i] = (int8_t)(((uint8_t)y[i] ^ sign) - sign);
}
MPK_VERSIONS(
    void, unpack_signed_bits, (const uint8_t *x, size_t n, unsigned bits, int8_t *y), x, n, bits,
    y)
