// SPDX-License-Identifier: Apache-2.0
//
// Linear quantization. Arrays are x[rows][columns][inner] with one scale per column: blocks along
// the last axis are rows = 1 and inner = block length, blocks across rows are inner = 1.
#include "quantization.h"

#include <float.h>

enum { LANES = 16 };

void mpk_code_range(mpk_quantization scheme, int *low, int *high) {
  float least, most;
  mpk_codes(scheme, &least, &most);
  *low = (int)least;
  *high = (int)most;
}

// MARK: Ranges

/// Range of one contiguous run. `zero` collects x * 0, which is NaN for infinities and NaNs.
MPK_INLINE void run_range(
    int native, int half, const void *x, size_t start, size_t n, float *low, float *high,
    float *zero) {
  float least[LANES], most[LANES], product[LANES];
  for (int j = 0; j < LANES; j++) {
    least[j] = *low;
    most[j] = *high;
    product[j] = 0;
  }
  size_t whole = n - n % LANES;
  for (size_t i = 0; i < whole; i += LANES) {
    for (int j = 0; j < LANES; j++) {
      float value = mpk_load(native, half, x, start + i + j);
      least[j] = value < least[j] ? value : least[j];
      most[j] = value > most[j] ? value : most[j];
      product[j] += value * 0;
    }
  }
  for (size_t i = whole; i < n; i++) {
    float value = mpk_load(native, half, x, start + i);
    least[0] = value < least[0] ? value : least[0];
    most[0] = value > most[0] ? value : most[0];
    product[0] += value * 0;
  }
  for (int j = 0; j < LANES; j++) {
    *low = least[j] < *low ? least[j] : *low;
    *high = most[j] > *high ? most[j] : *high;
    *zero += product[j];
  }
}

MPK_INLINE int range_of(
    int native, int half, const void *x, size_t rows, size_t columns, size_t inner,
    size_t row_stride, float *restrict low, float *restrict high) {
  float zero = 0;
  for (size_t r = 0; r < rows; r++) {
    size_t start = r * row_stride;
    if (inner != 1) {
      for (size_t c = 0; c < columns; c++) {
        run_range(native, half, x, start + c * inner, inner, &low[c], &high[c], &zero);
      }
      continue;
    }
    int strange = 0;
    for (size_t c = 0; c < columns; c++) {
      float value = mpk_load(native, half, x, start + c);
      low[c] = value < low[c] ? value : low[c];
      high[c] = value > high[c] ? value : high[c];
      strange |= !(fabsf(value) <= FLT_MAX);
    }
    if (strange) zero = NAN;
  }
  return zero != 0 || zero != zero;
}

/// float16 bits as integers in the order of the values, and back.
#define ORDERED(h) ((h) ^ (((h) >> 15) & 0x7fff))

/// Ranges of contiguous float16 blocks of a multiple of 32 elements.
MPK_INLINE int half_ranges(
    int native, const uint16_t *x, size_t columns, size_t inner, float *restrict low,
    float *restrict high) {
  enum { BATCH = 128 };
  int16_t least[BATCH], most[BATCH];
  int strange = 0;
  for (size_t first = 0; first < columns; first += BATCH) {
    size_t count = columns - first < BATCH ? columns - first : BATCH;
    for (size_t c = 0; c < count; c++) {
      const uint16_t *block = x + (first + c) * inner;
      mpk_i16x32 h, up, down;
      memcpy(&h, block, sizeof h);
      up = ORDERED(h);
      down = ~up;
      for (size_t i = 32; i < inner; i += 32) {
        memcpy(&h, block + i, sizeof h);
        h = ORDERED(h);
        up = up > h ? up : h;
        h = ~h;
        down = down > h ? down : h;
      }
      // The largest of `up` folds into lane 0, that of `down` into lane 16.
      mpk_i16x32 a = __builtin_shufflevector(
          up, down, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 32, 33, 34, 35, 36, 37,
          38, 39, 40, 41, 42, 43, 44, 45, 46, 47);
      mpk_i16x32 b = __builtin_shufflevector(
          up, down, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 48, 49, 50, 51,
          52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63);
      a = a > b ? a : b;
#define FOLD(n)                                                                                   \
  b = __builtin_shufflevector(                                                                    \
      a, a, n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7, 8, 9, 10, 11, 12, 13, 14, 15,     \
      16 + n, 17 + n, 18 + n, 19 + n, 20 + n, 21 + n, 22 + n, 23 + n, 24, 25, 26, 27, 28, 29, 30, \
      31);                                                                                        \
  a = a > b ? a : b;
      FOLD(8)
      FOLD(4)
      FOLD(2)
      FOLD(1)
#undef FOLD
      most[c] = a[0];
      least[c] = a[16];
    }
    for (size_t c = 0; c < count; c++) {
      int16_t up = most[c], down = (int16_t)~least[c];
      strange |= (up >= 0x7c00) | (least[c] >= 0x7c00);
      float top = mpk_widen(native, (uint16_t)ORDERED(up));
      float bottom = mpk_widen(native, (uint16_t)ORDERED(down));
      high[first + c] = top > high[first + c] ? top : high[first + c];
      low[first + c] = bottom < low[first + c] ? bottom : low[first + c];
    }
  }
  return strange;
}

MPK_INLINE int block_range_body(
    int native, const void *x, int half, size_t rows, size_t columns, size_t inner,
    size_t row_stride, float *low, float *high) {
  if (half && rows == 1 && inner > 0 && inner % 32 == 0) {
    return half_ranges(native, x, columns, inner, low, high);
  }
  if (half) return range_of(native, 1, x, rows, columns, inner, row_stride, low, high);
  return range_of(native, 0, x, rows, columns, inner, row_stride, low, high);
}
MPK_VERSIONS(
    int, block_range,
    (const void *x, int half, size_t rows, size_t columns, size_t inner, size_t row_stride,
     float *low, float *high),
    x, half, rows, columns, inner, row_stride, low, high)

// MARK: Parameters

/// Where a float16 intermediate overflows, the step is taken in double precision instead.
MPK_INLINE float symmetric_scale(int native, int half, float low, float high, float levels) {
  float magnitude = fabsf(low) > fabsf(high) ? fabsf(low) : fabsf(high);
  float range = mpk_round(native, half, magnitude + magnitude);
  if (range <= FLT_MAX) return mpk_round(native, half, range / levels);
  return mpk_round(native, half, (float)(2.0 * (double)magnitude / (double)levels));
}

MPK_INLINE void asymmetric_parameters(
    int native, int half, float low, float high, float least, float most, float *scale,
    float *zero) {
  low = low < 0 ? low : 0;
  high = high > 0 ? high : 0;
  float levels = most - least;
  float range = mpk_round(native, half, high - low);
  float left = mpk_round(native, half, least * high);
  float right = mpk_round(native, half, most * low);
  float offset = mpk_round(native, half, left - right);
  float point = mpk_round(native, half, offset / range);
  *scale = mpk_round(native, half, range / levels);
  if (!(range <= FLT_MAX) || !(fabsf(offset) <= FLT_MAX)) {
    double exact = (double)high - (double)low;
    point = (float)(((double)least * (double)high - (double)most * (double)low) / exact);
    *scale = mpk_round(native, half, (float)(exact / (double)levels));
  }
  point = rintf(point);
  point = point < least ? least : point;
  point = point > most ? most : point;
  // A block of zeros has no range and its zero point is code 0.
  *zero = point == point ? point : 0;
}

MPK_INLINE void parameters_of(
    int native, int half, const float *low, const float *high, size_t n, mpk_quantization scheme,
    float *restrict scale, float *restrict zero) {
  float least, most;
  mpk_codes(scheme, &least, &most);
  if (!scheme.is_symmetric) {
    for (size_t i = 0; i < n; i++) {
      asymmetric_parameters(native, half, low[i], high[i], least, most, &scale[i], &zero[i]);
    }
    return;
  }
  float center = mpk_center(scheme);
  // The extremes leave the code without a counterpart free, also where a search may use it.
  float steps = most - least - (scheme.is_full ? 1 : 0);
  for (size_t i = 0; i < n; i++) {
    scale[i] = symmetric_scale(native, half, low[i], high[i], steps);
    zero[i] = center;
  }
}

MPK_INLINE void block_parameters_body(
    int native, const float *low, const float *high, size_t n, mpk_quantization scheme,
    float *scale, float *zero) {
  if (scheme.is_half) {
    parameters_of(native, 1, low, high, n, scheme, scale, zero);
  } else {
    parameters_of(native, 0, low, high, n, scheme, scale, zero);
  }
}
MPK_VERSIONS(
    void, block_parameters,
    (const float *low, const float *high, size_t n, mpk_quantization scheme, float *scale,
     float *zero),
    low, high, n, scheme, scale, zero)

// MARK: Codes

MPK_INLINE uint8_t code_of(
    int native, int half, float value, float scale, float zero, float least, float most) {
  float q = rintf(mpk_round(native, half, value / scale)) + zero;
  q = q < least ? least : q;
  q = q > most ? most : q;
  // 0 / 0 in a block of zeros.
  q = q == q ? q : 0;
  return (uint8_t)(int32_t)q;
}

MPK_INLINE void encode_as(
    int native, int half, int rounded, const void *x, size_t rows, size_t columns, size_t inner,
    size_t row_stride, const float *restrict scale, const float *restrict zero,
    mpk_quantization scheme, uint8_t *restrict codes, size_t code_row_stride) {
  float least, most;
  mpk_codes(scheme, &least, &most);
  for (size_t r = 0; r < rows; r++) {
    size_t from = r * row_stride, to = r * code_row_stride;
    if (inner == 1) {
      for (size_t c = 0; c < columns; c++) {
        float value = mpk_load(native, half, x, from + c);
        codes[to + c] = code_of(native, rounded, value, scale[c], zero[c], least, most);
      }
      continue;
    }
    for (size_t c = 0; c < columns; c++) {
      float block_scale = scale[c], block_zero = zero[c];
      for (size_t i = c * inner; i < (c + 1) * inner; i++) {
        float value = mpk_load(native, half, x, from + i);
        codes[to + i] = code_of(native, rounded, value, block_scale, block_zero, least, most);
      }
    }
  }
}

#ifdef MPK_HAS_HALF
/// Codes of float16 elements, many of one block; `n` is a multiple of 16 and the scale not zero.
MPK_INLINE void encode_halves(
    const uint16_t *x, size_t n, float scale, float zero, float least, float most,
    uint8_t *restrict codes) {
  float reciprocal = 1.0f / scale;
  mpk_f32x16 s = scale, inverse = reciprocal, low = least - zero, high = most - zero;
  for (size_t i = 0; i < n; i += 16) {
    mpk_f16x16 h;
    memcpy(&h, x + i, sizeof h);
    mpk_f32x16 value = __builtin_convertvector(h, mpk_f32x16);
    // The remainder corrects the product to the correctly rounded quotient.
    mpk_f32x16 q = value * inverse;
    q = __builtin_elementwise_fma(__builtin_elementwise_fma(-q, s, value), inverse, q);
    q = __builtin_convertvector(__builtin_convertvector(q, mpk_f16x16), mpk_f32x16);
    // Clamped first: the bounds are integers.
    q = q < high ? q : high;
    q = q > low ? q : low;
    q = __builtin_elementwise_rint(q) + zero;
    mpk_u8x16 code =
        __builtin_convertvector(__builtin_convertvector(q, mpk_i32x16), mpk_u8x16);
    memcpy(codes + i, &code, sizeof code);
  }
}
#endif

/// Codes of float16 elements in runs of a multiple of 16, the way of native instructions.
MPK_INLINE int encode_native(
    int native, const uint16_t *x, size_t rows, size_t columns, size_t inner, size_t row_stride,
    const float *scale, const float *zero, mpk_quantization scheme, uint8_t *codes,
    size_t code_row_stride) {
#ifdef MPK_HAS_HALF
  if (!native || inner == 0 || inner % 16 != 0) return 0;
  float least, most;
  mpk_codes(scheme, &least, &most);
  for (size_t r = 0; r < rows; r++) {
    for (size_t c = 0; c < columns; c++) {
      const uint16_t *from = x + r * row_stride + c * inner;
      uint8_t *to = codes + r * code_row_stride + c * inner;
      if (scale[c] != 0) {
        encode_halves(from, inner, scale[c], zero[c], least, most, to);
        continue;
      }
      for (size_t i = 0; i < inner; i++) {
        to[i] = code_of(native, 1, mpk_widen(native, from[i]), scale[c], zero[c], least, most);
      }
    }
  }
  return 1;
#else
  return 0;
#endif
}

MPK_INLINE void encode_body(
    int native, const void *x, int half, size_t rows, size_t columns, size_t inner,
    size_t row_stride, const float *scale, const float *zero, mpk_quantization scheme,
    uint8_t *codes, size_t code_row_stride) {
#define ENCODE(half, rounded)                                                                 \
  encode_as(                                                                                  \
      native, half, rounded, x, rows, columns, inner, row_stride, scale, zero, scheme, codes, \
      code_row_stride)
  if (half && scheme.is_half &&
      encode_native(
          native, x, rows, columns, inner, row_stride, scale, zero, scheme, codes,
          code_row_stride)) {
    return;
  }
  if (half) {
    if (scheme.is_half) ENCODE(1, 1); else ENCODE(1, 0);
  } else {
    if (scheme.is_half) ENCODE(0, 1); else ENCODE(0, 0);
  }
#undef ENCODE
}
MPK_VERSIONS(
    void, encode,
    (const void *x, int half, size_t rows, size_t columns, size_t inner, size_t row_stride,
     const float *scale, const float *zero, mpk_quantization scheme, uint8_t *codes,
     size_t code_row_stride),
    x, half, rows, columns, inner, row_stride, scale, zero, scheme, codes, code_row_stride)
