// SPDX-License-Identifier: Apache-2.0
//
// What quantization did to elements, read beside their codes.
#include "quantization.h"

enum { RUN = 256 };

/// Lanes that are added up for up to RUN elements, which float32 does well enough.
typedef struct {
  mpk_f32x16 signal, noise, largest;
  size_t count;
} partial;

MPK_INLINE void flush(partial *sums, mpk_error *error) {
  mpk_f32x8 s = sums->signal.lo + sums->signal.hi, d = sums->noise.lo + sums->noise.hi;
  mpk_f32x16 largest = sums->largest;
  mpk_f32x8 m = largest.lo > largest.hi ? largest.lo : largest.hi;
  mpk_f32x4 s4 = s.lo + s.hi, d4 = d.lo + d.hi, m4 = m.lo > m.hi ? m.lo : m.hi;
  for (int j = 0; j < 4; j++) {
    error->signal += (double)s4[j];
    error->noise += (double)d4[j];
    if ((double)m4[j] > error->largest) error->largest = (double)m4[j];
  }
  memset(sums, 0, sizeof *sums);
}

/// A run of one block, of a multiple of 16 elements.
MPK_INLINE void run_error(
    int native, int half, int rounded, int is_signed, const void *x, size_t start, size_t n,
    const uint8_t *codes, float scale, float zero, partial *sums, mpk_error *error) {
  for (size_t i = 0; i < n; i += 16) {
    mpk_f32x16 value, code;
    mpk_u8x16 packed;
    memcpy(&packed, codes + i, sizeof packed);
    if (is_signed) {
      mpk_i8x16 as_signed;
      memcpy(&as_signed, &packed, sizeof packed);
      code = __builtin_convertvector(as_signed, mpk_f32x16);
    } else {
      code = __builtin_convertvector(packed, mpk_f32x16);
    }
    mpk_f32x16 decoded = (code - zero) * scale;
#ifdef MPK_HAS_HALF
    if (native && half) {
      mpk_f16x16 h;
      memcpy(&h, (const uint16_t *)x + start + i, sizeof h);
      value = __builtin_convertvector(h, mpk_f32x16);
    } else
#endif
    {
      for (int j = 0; j < 16; j++) value[j] = mpk_load(native, half, x, start + i + (size_t)j);
    }
#ifdef MPK_HAS_HALF
    if (native && rounded) {
      decoded = __builtin_convertvector(__builtin_convertvector(decoded, mpk_f16x16), mpk_f32x16);
    } else
#endif
    {
      for (int j = 0; j < 16; j++) decoded[j] = mpk_round(native, rounded, decoded[j]);
    }
    mpk_f32x16 difference = value - decoded;
    sums->signal += value * value;
    sums->noise += difference * difference;
    difference = difference < 0 ? -difference : difference;
    sums->largest = difference > sums->largest ? difference : sums->largest;
    sums->count += 16;
    if (sums->count >= RUN) flush(sums, error);
  }
}

/// Elements one by one, for what is no multiple of 16.
MPK_INLINE void plain_error(
    int native, int half, int rounded, int is_signed, const void *x, size_t start, size_t n,
    const uint8_t *codes, float scale, float zero, mpk_error *error) {
  for (size_t i = 0; i < n; i++) {
    float code = is_signed ? (float)(int8_t)codes[i] : (float)codes[i];
    double value = (double)mpk_load(native, half, x, start + i);
    double difference = fabs(value - (double)mpk_round(native, rounded, (code - zero) * scale));
    error->signal += value * value;
    error->noise += difference * difference;
    if (difference > error->largest) error->largest = difference;
  }
}

MPK_INLINE void error_of(
    int native, int half, int rounded, int is_signed, const void *x, size_t rows, size_t columns,
    size_t inner, size_t row_stride, const float *scale, const float *zero, const uint8_t *codes,
    size_t code_row_stride, mpk_error *error) {
  partial sums;
  memset(&sums, 0, sizeof sums);
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < columns; c++) {
      size_t from = r * row_stride + c * inner;
      const uint8_t *block = codes + r * code_row_stride + c * inner;
      size_t whole = inner - inner % 16;
      // Only halves are sure not to overflow float32 when squared.
      if (!half) whole = 0;
      run_error(
          native, half, rounded, is_signed, x, from, whole, block, scale[c], zero[c], &sums,
          error);
      plain_error(
          native, half, rounded, is_signed, x, from + whole, inner - whole, block + whole,
          scale[c], zero[c], error);
    }
  }
  flush(&sums, error);
}

MPK_INLINE void encoding_error_body(
    int native, const void *x, int half, size_t rows, size_t columns, size_t inner,
    size_t row_stride, const float *scale, const float *zero, mpk_quantization scheme,
    const uint8_t *codes, size_t code_row_stride, mpk_error *error) {
#define ERROR_OF(half, rounded, is_signed)                                                       \
  error_of(                                                                                      \
      native, half, rounded, is_signed, x, rows, columns, inner, row_stride, scale, zero, codes, \
      code_row_stride, error)
  if (half && scheme.is_half) {
    if (scheme.is_signed) ERROR_OF(1, 1, 1); else ERROR_OF(1, 1, 0);
  } else if (half) {
    if (scheme.is_signed) ERROR_OF(1, 0, 1); else ERROR_OF(1, 0, 0);
  } else if (scheme.is_half) {
    if (scheme.is_signed) ERROR_OF(0, 1, 1); else ERROR_OF(0, 1, 0);
  } else {
    if (scheme.is_signed) ERROR_OF(0, 0, 1); else ERROR_OF(0, 0, 0);
  }
#undef ERROR_OF
}
MPK_VERSIONS(
    void, encoding_error,
    (const void *x, int half, size_t rows, size_t columns, size_t inner, size_t row_stride,
     const float *scale, const float *zero, mpk_quantization scheme, const uint8_t *codes,
     size_t code_row_stride, mpk_error *error),
    x, half, rows, columns, inner, row_stride, scale, zero, scheme, codes, code_row_stride, error)
