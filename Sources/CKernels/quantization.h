// SPDX-License-Identifier: Apache-2.0
//
// What the files of linear quantization share.
#ifndef MPK_QUANTIZATION_H
#define MPK_QUANTIZATION_H

#include "internal.h"

/// Smallest and largest code of a scheme.
MPK_INLINE void mpk_codes(mpk_quantization scheme, float *least, float *most) {
  float half = (float)(1 << (scheme.bits - 1));
  *least = scheme.is_signed ? -half : 0;
  *most = scheme.is_signed ? half - 1 : 2 * half - 1;
  if (scheme.is_symmetric && !scheme.is_full) {
    *least += scheme.is_signed ? 1.0f : 0.0f;
    *most -= scheme.is_signed ? 0.0f : 1.0f;
  }
}

/// The code of zero in a symmetric scheme.
MPK_INLINE float mpk_center(mpk_quantization scheme) {
  return scheme.is_signed ? 0 : (float)((1 << (scheme.bits - 1)) - 1);
}

/// Vectors that the compiler splits where registers are narrower.
typedef float mpk_f32x2 __attribute__((ext_vector_type(2)));
typedef float mpk_f32x4 __attribute__((ext_vector_type(4)));
typedef float mpk_f32x8 __attribute__((ext_vector_type(8)));
typedef float mpk_f32x16 __attribute__((ext_vector_type(16)));
typedef int32_t mpk_i32x2 __attribute__((ext_vector_type(2)));
typedef int32_t mpk_i32x4 __attribute__((ext_vector_type(4)));
typedef int32_t mpk_i32x8 __attribute__((ext_vector_type(8)));
typedef int32_t mpk_i32x16 __attribute__((ext_vector_type(16)));
typedef int8_t mpk_i8x16 __attribute__((ext_vector_type(16)));
typedef uint8_t mpk_u8x16 __attribute__((ext_vector_type(16)));
typedef int16_t mpk_i16x32 __attribute__((ext_vector_type(32)));
#if defined(__x86_64__) || defined(__aarch64__)
#define MPK_HAS_HALF 1
typedef _Float16 mpk_f16x8 __attribute__((ext_vector_type(8)));
typedef _Float16 mpk_f16x16 __attribute__((ext_vector_type(16)));
#endif

#endif
