// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

/// `half` is the type of `y`; `rounded` asks for float16 values in a float32 array.
MPK_INLINE void decode_as(
    int native, int is_signed, int half, int rounded, const uint8_t *codes, size_t rows,
    size_t columns, size_t inner, size_t code_row_stride, const float *restrict scale,
    const float *restrict zero, void *restrict y, size_t row_stride) {
  float *single = y;
  uint16_t *halves = y;
  for (size_t r = 0; r < rows; r++) {
    size_t from = r * code_row_stride, to = r * row_stride;
    if (inner == 1) {
      for (size_t c = 0; c < columns; c++) {
        float code = is_signed ? (float)(int8_t)codes[from + c] : (float)codes[from + c];
        float value = (code - zero[c]) * scale[c];
        if (half) halves[to + c] = mpk_narrow(native, value);
        else single[to + c] = mpk_round(native, rounded, value);
      }
      continue;
    }
    for (size_t c = 0; c < columns; c++) {
      float block_scale = scale[c], block_zero = zero[c];
      for (size_t i = c * inner; i < (c + 1) * inner; i++) {
        float code = is_signed ? (float)(int8_t)codes[from + i] : (float)codes[from + i];
        float value = (code - block_zero) * block_scale;
        if (half) halves[to + i] = mpk_narrow(native, value);
        else single[to + i] = mpk_round(native, rounded, value);
      }
    }
  }
}

#define DECODE(is_signed, half, rounded)                                                          \
  decode_as(                                                                                      \
      native, is_signed, half, rounded, codes, rows, columns, inner, code_row_stride, scale, zero, \
      y, row_stride)

MPK_INLINE void decode_body(
    int native, const uint8_t *codes, size_t rows, size_t columns, size_t inner,
    size_t code_row_stride, const float *scale, const float *zero, mpk_quantization scheme,
    float *y, size_t row_stride) {
  if (scheme.is_signed) {
    if (scheme.is_half) DECODE(1, 0, 1); else DECODE(1, 0, 0);
  } else {
    if (scheme.is_half) DECODE(0, 0, 1); else DECODE(0, 0, 0);
  }
}
MPK_VERSIONS(
    void, decode,
    (const uint8_t *codes, size_t rows, size_t columns, size_t inner, size_t code_row_stride,
     const float *scale, const float *zero, mpk_quantization scheme, float *y, size_t row_stride),
    codes, rows, columns, inner, code_row_stride, scale, zero, scheme, y, row_stride)

MPK_INLINE void decode_f16_body(
    int native, const uint8_t *codes, size_t rows, size_t columns, size_t inner,
    size_t code_row_stride, const float *scale, const float *zero, mpk_quantization scheme,
    uint16_t *y, size_t row_stride) {
  if (scheme.is_signed) DECODE(1, 1, 1); else DECODE(0, 1, 1);
}
MPK_VERSIONS(
    void, decode_f16,
    (const uint8_t *codes, size_t rows, size_t columns, size_t inner, size_t code_row_stride,
     const float *scale, const float *zero, mpk_quantization scheme, uint16_t *y,
     size_t row_stride),
    codes, rows, columns, inner, code_row_stride, scale, zero, scheme, y, row_stride)
