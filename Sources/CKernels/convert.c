// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

MPK_INLINE void f16_to_f32_body(int native, const uint16_t *x, float *y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = mpk_widen(native, x[i]);
}
MPK_VERSIONS(void, f16_to_f32, (const uint16_t *x, float *y, size_t n), x, y, n)

MPK_INLINE void f32_to_f16_body(int native, const float *x, uint16_t *y, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] = mpk_narrow(native, x[i]);
}
MPK_VERSIONS(void, f32_to_f16, (const float *x, uint16_t *y, size_t n), x, y, n)

MPK_INLINE void round_to_f16_body(int native, float *x, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = mpk_round(native, 1, x[i]);
}
MPK_VERSIONS(void, round_to_f16, (float *x, size_t n), x, n)

MPK_INLINE void f32_to_f16_counted_body(
    int native, const float *x, uint16_t *y, size_t n, uint64_t *overflowed, uint64_t *vanished) {
  const size_t step = 4096;
  for (size_t start = 0; start < n; start += step) {
    size_t end = n - start < step ? n : start + step;
    uint32_t infinite = 0, zero = 0;
    for (size_t i = start; i < end; i++) {
      uint16_t h = mpk_narrow(native, x[i]);
      uint32_t source = mpk_bits_of_float(x[i]) & 0x7fffffff;
      infinite += ((h & 0x7fff) == 0x7c00) & (source != 0x7f800000);
      zero += ((h & 0x7fff) == 0) & (source != 0);
      y[i] = h;
    }
    *overflowed += infinite;
    *vanished += zero;
  }
}
MPK_VERSIONS(
    void, f32_to_f16_counted,
    (const float *x, uint16_t *y, size_t n, uint64_t *overflowed, uint64_t *vanished), x, y, n,
    overflowed, vanished)

MPK_INLINE void bf16_to_f32_body(int native, const uint16_t *x, float *y, size_t n) {
  (void)native;
  for (size_t i = 0; i < n; i++) y[i] = mpk_float_of_bits((uint32_t)x[i] << 16);
}
MPK_VERSIONS(void, bf16_to_f32, (const uint16_t *x, float *y, size_t n), x, y, n)

MPK_INLINE uint64_t i64_to_i32_body(int native, const int64_t *x, int32_t *y, size_t n) {
  (void)native;
  uint64_t saturated = 0;
  for (size_t i = 0; i < n; i++) {
    int64_t value = x[i];
    int64_t capped = value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : value;
    saturated += capped != value;
    y[i] = (int32_t)capped;
  }
  return saturated;
}
MPK_VERSIONS(uint64_t, i64_to_i32, (const int64_t *x, int32_t *y, size_t n), x, y, n)

/// Conversions that the C language itself defines as wanted.
#define MPK_CAST(name, type)                                                           \
  MPK_INLINE void name##_body(int native, const type *x, float *y, size_t n) {         \
    (void)native;                                                                      \
    for (size_t i = 0; i < n; i++) y[i] = (float)x[i];                                 \
  }                                                                                    \
  MPK_VERSIONS(void, name, (const type *x, float *y, size_t n), x, y, n)

MPK_CAST(f64_to_f32, double)
MPK_CAST(u8_to_f32, uint8_t)
MPK_CAST(i8_to_f32, int8_t)
MPK_CAST(u16_to_f32, uint16_t)
MPK_CAST(i16_to_f32, int16_t)
MPK_CAST(i32_to_f32, int32_t)
