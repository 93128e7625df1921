// SPDX-License-Identifier: Apache-2.0
//
// How one body becomes a portable and several vector versions: the body is always inlined, and
// `MPK_VERSIONS` compiles it once per instruction set and picks at run time. `native` tells the
// body whether float16 conversion instructions exist.
#ifndef MPK_INTERNAL_H
#define MPK_INTERNAL_H

#include "CKernels.h"

#include <math.h>
#include <string.h>

#define MPK_INLINE static inline __attribute__((always_inline))

int mpk_level(void);

#if defined(__x86_64__)
#define MPK_AVX2 __attribute__((target("avx2,f16c,fma")))
#define MPK_AVX512 __attribute__((target("avx2,f16c,fma,avx512f,avx512bw,avx512dq,avx512vl")))
#define MPK_VERSIONS(result, name, parameters, ...)                                        \
  static result name##_portable parameters { return name##_body(0, __VA_ARGS__); }         \
  MPK_AVX2 static result name##_avx2 parameters { return name##_body(1, __VA_ARGS__); }    \
  MPK_AVX512 static result name##_avx512 parameters { return name##_body(1, __VA_ARGS__); } \
  result mpk_##name parameters {                                                           \
    switch (mpk_level()) {                                                                 \
      case MPK_WIDE: return name##_avx512(__VA_ARGS__);                                    \
      case MPK_VECTOR: return name##_avx2(__VA_ARGS__);                                    \
      default: return name##_portable(__VA_ARGS__);                                        \
    }                                                                                      \
  }
#elif defined(__aarch64__)
#define MPK_VERSIONS(result, name, parameters, ...)                                \
  static result name##_portable parameters { return name##_body(0, __VA_ARGS__); } \
  static result name##_neon parameters { return name##_body(1, __VA_ARGS__); }     \
  result mpk_##name parameters {                                                   \
    if (mpk_level() == MPK_PORTABLE) return name##_portable(__VA_ARGS__);          \
    return name##_neon(__VA_ARGS__);                                               \
  }
#else
#define MPK_VERSIONS(result, name, parameters, ...) \
  result mpk_##name parameters { return name##_body(0, __VA_ARGS__); }
#endif

MPK_INLINE float mpk_float_of_bits(uint32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

MPK_INLINE uint32_t mpk_bits_of_float(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// float16 bits to float32.
MPK_INLINE float mpk_widen(int native, uint16_t h) {
#if defined(__x86_64__) || defined(__aarch64__)
  if (native) {
    _Float16 value;
    memcpy(&value, &h, sizeof value);
    return (float)value;
  }
#endif
  (void)native;
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, magnitude = h & 0x7fff;
  if (magnitude < 0x0400) {
    return mpk_float_of_bits(sign | mpk_bits_of_float((float)magnitude * 0x1p-24f));
  }
  uint32_t bits = (magnitude << 13) + (112u << 23);
  if (magnitude >= 0x7c00) bits += 112u << 23;
  if (magnitude > 0x7c00) bits |= 0x00400000;
  return mpk_float_of_bits(sign | bits);
}

/// float32 to float16 bits, to nearest, ties to even.
MPK_INLINE uint16_t mpk_narrow(int native, float value) {
#if defined(__x86_64__) || defined(__aarch64__)
  if (native) {
    _Float16 half = (_Float16)value;
    uint16_t h;
    memcpy(&h, &half, sizeof h);
    return h;
  }
#endif
  (void)native;
  uint32_t bits = mpk_bits_of_float(value), magnitude = bits & 0x7fffffff;
  uint16_t sign = (uint16_t)((bits >> 16) & 0x8000);
  if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00 | ((magnitude >> 13) & 0x3ff));
  // 65520 and above round to infinity.
  if (magnitude >= 0x477ff000) return (uint16_t)(sign | 0x7c00);
  if (magnitude < 0x38800000) {
    // One unit in the last place of 0.5 is the smallest float16, so the sum rounds as wanted.
    uint32_t shifted = mpk_bits_of_float(mpk_float_of_bits(magnitude) + 0.5f);
    return (uint16_t)(sign | (shifted - 0x3f000000));
  }
  uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
  return (uint16_t)(sign | ((rounded - (112u << 23)) >> 13));
}

/// Rounds to float16 if `half`.
MPK_INLINE float mpk_round(int native, int half, float value) {
  return half ? mpk_widen(native, mpk_narrow(native, value)) : value;
}

/// Element `i` of an array of float16 (if `half`) or float32.
MPK_INLINE float mpk_load(int native, int half, const void *x, size_t i) {
  return half ? mpk_widen(native, ((const uint16_t *)x)[i]) : ((const float *)x)[i];
}

#endif
