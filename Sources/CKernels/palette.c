// SPDX-License-Identifier: Apache-2.0
//
// Palettes: which values a weight has and how often, and the nearest entry of a table.
#include "internal.h"

#include <float.h>

enum { HALVES = 1 << 16, INFINITE = 0x7c00, SIGN = 0x8000, STRIP = 16 };

// MARK: Distinct values of float16

void mpk_count_f16(const uint16_t *x, size_t n, uint32_t *counts) {
  for (size_t i = 0; i < n; i++) counts[x[i]]++;
}

void mpk_weigh_f16(const uint16_t *x, size_t n, const float *scale, size_t step, double *sums) {
  for (size_t i = 0; i < n; i++) {
    double s = scale[i * step];
    sums[x[i]] += s * s;
  }
}

MPK_INLINE int is_empty(const void *cells, size_t bytes) {
  uint64_t any = 0;
  for (size_t j = 0; j < bytes; j += sizeof any) {
    uint64_t word;
    memcpy(&word, (const char *)cells + j, sizeof word);
    any |= word;
  }
  return any == 0;
}

/// Appends the values of a strip of cells, and their weights, to what is there; without branches, as
/// half of the cells of a strip may be empty. Returns how many there are then.
MPK_INLINE size_t drain_strip(
    int native, const void *cells, int sums, size_t first, int backwards, double *value,
    double *weight, size_t n) {
  for (size_t j = 0; j < STRIP; j++) {
    size_t place = backwards ? STRIP - 1 - j : j;
    double found = sums ? ((const double *)cells)[place] : (double)((const uint32_t *)cells)[place];
    value[n] = (double)mpk_widen(native, (uint16_t)(first + place));
    weight[n] = found;
    n += found != 0;
  }
  return n;
}

/// Negative values first, whose bits descend as the values ascend.
MPK_INLINE size_t drain_f16(int native, char *cells, int sums, double *value, double *weight) {
  size_t size = sums ? sizeof(double) : sizeof(uint32_t), n = 0;
  enum { STRIPS = SIGN / STRIP };
  double zeros = sums ? ((double *)cells)[0] + ((double *)cells)[SIGN]
                      : (double)((uint32_t *)cells)[0] + (double)((uint32_t *)cells)[SIGN];
  memset(cells, 0, size);
  memset(cells + SIGN * size, 0, size);
  int strange = 0;
  for (int side = 0; side < 2; side++) {
    for (size_t strip = 0; strip < STRIPS; strip++) {
      size_t first = side ? strip * STRIP : SIGN + (STRIPS - 1 - strip) * STRIP;
      char *here = cells + first * size;
      if (is_empty(here, STRIP * size)) continue;
      if ((first & INFINITE) == INFINITE) {
        strange = 1;
      } else {
        n = drain_strip(native, here, sums, first, !side, value, weight, n);
      }
      memset(here, 0, STRIP * size);
    }
    if (!side && zeros != 0) {
      value[n] = 0;
      weight[n++] = zeros;
    }
  }
  return strange ? SIZE_MAX : n;
}

MPK_INLINE size_t drain_counts_f16_body(
    int native, uint32_t *counts, double *value, double *weight) {
  return drain_f16(native, (char *)counts, 0, value, weight);
}
MPK_VERSIONS(
    size_t, drain_counts_f16, (uint32_t *counts, double *value, double *weight), counts, value,
    weight)

MPK_INLINE size_t drain_sums_f16_body(int native, double *sums, double *value, double *weight) {
  return drain_f16(native, (char *)sums, 1, value, weight);
}
MPK_VERSIONS(
    size_t, drain_sums_f16, (double *sums, double *value, double *weight), sums, value, weight)

// MARK: Distinct values of float32

/// Orders as the values do; both zeros are one.
MPK_INLINE uint32_t order_of(float x) {
  uint32_t bits = mpk_bits_of_float(x == 0 ? 0 : x);
  return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

MPK_INLINE float value_of(uint32_t order) {
  return mpk_float_of_bits(order & 0x80000000 ? order & 0x7fffffff : ~order);
}

int mpk_entries_f32(
    const float *x, size_t n, const float *scale, size_t step, uint64_t *entries) {
  int strange = 0;
  for (size_t i = 0; i < n; i++) {
    float weight = scale ? scale[i * step] * scale[i * step] : 1;
    weight = weight < FLT_MIN ? FLT_MIN : weight > FLT_MAX ? FLT_MAX : weight;
    strange |= !(fabsf(x[i]) <= FLT_MAX);
    entries[i] = (uint64_t)order_of(x[i]) << 32 | mpk_bits_of_float(weight);
  }
  return strange;
}

size_t mpk_drain_entries_f32(
    uint64_t *entries, uint64_t *scratch, size_t n, double *value, double *weight) {
  for (int shift = 32; shift < 64; shift += 8) {
    size_t places[257] = {0};
    for (size_t i = 0; i < n; i++) places[(entries[i] >> shift & 255) + 1]++;
    for (int j = 0; j < 256; j++) places[j + 1] += places[j];
    for (size_t i = 0; i < n; i++) scratch[places[entries[i] >> shift & 255]++] = entries[i];
    uint64_t *kept = entries;
    entries = scratch;
    scratch = kept;
  }
  size_t found = 0;
  for (size_t i = 0; i < n; i++) {
    double x = value_of((uint32_t)(entries[i] >> 32));
    double w = mpk_float_of_bits((uint32_t)entries[i]);
    if (found && value[found - 1] == x) {
      weight[found - 1] += w;
    } else {
      value[found] = x;
      weight[found++] = w;
    }
  }
  return found;
}

int mpk_bucket_f32(
    const float *x, size_t n, const float *scale, size_t step, double *weights, double *moments) {
  int strange = 0;
  for (size_t i = 0; i < n; i++) {
    double weight = scale ? (double)scale[i * step] * (double)scale[i * step] : 1;
    strange |= !(fabsf(x[i]) <= FLT_MAX);
    uint32_t bucket = order_of(x[i]) >> (32 - MPK_BUCKET_BITS);
    weights[bucket] += weight;
    moments[bucket] += weight * (double)x[i];
  }
  return strange;
}

size_t mpk_drain_buckets_f32(double *weights, double *moments, double *value, double *weight) {
  size_t found = 0;
  for (size_t i = 0; i < (size_t)1 << MPK_BUCKET_BITS; i++) {
    if (weights[i] == 0) continue;
    value[found] = moments[i] / weights[i];
    weight[found++] = weights[i];
    weights[i] = moments[i] = 0;
  }
  return found;
}

// MARK: Nearest entry

MPK_INLINE int nearest_of(
    int native, int half, const void *x, size_t n, const float *cuts, size_t count,
    uint8_t *restrict codes) {
  int strange = 0;
  for (size_t i = 0; i < n; i += STRIP) {
    size_t size = n - i < STRIP ? n - i : STRIP;
    float value[STRIP] = {0};
    int32_t code[STRIP] = {0};
    if (size == STRIP) {
      for (size_t j = 0; j < STRIP; j++) value[j] = mpk_load(native, half, x, i + j);
    } else {
      for (size_t j = 0; j < size; j++) value[j] = mpk_load(native, half, x, i + j);
    }
    for (size_t j = 0; j < STRIP; j++) strange |= !(fabsf(value[j]) <= FLT_MAX);
    for (size_t c = 0; c < count; c++) {
      for (size_t j = 0; j < STRIP; j++) code[j] += value[j] > cuts[c];
    }
    for (size_t j = 0; j < size; j++) codes[i + j] = (uint8_t)code[j];
  }
  return strange;
}

/// `count` is one less than a power of two.
MPK_INLINE int searched_of(
    int native, int half, const void *x, size_t n, const float *cuts, size_t count,
    uint8_t *restrict codes) {
  int strange = 0;
  for (size_t i = 0; i < n; i++) {
    float value = mpk_load(native, half, x, i);
    strange |= !(fabsf(value) <= FLT_MAX);
    size_t code = 0;
    for (size_t step = (count + 1) / 2; step > 0; step /= 2) {
      code += value > cuts[code + step - 1] ? step : 0;
    }
    codes[i] = (uint8_t)code;
  }
  return strange;
}

MPK_INLINE int nearest_body(
    int native, const void *x, int half, size_t n, const float *cuts, size_t count,
    uint8_t *codes) {
  if (count > STRIP - 1) {
    return half ? searched_of(native, 1, x, n, cuts, count, codes)
                : searched_of(native, 0, x, n, cuts, count, codes);
  }
  return half ? nearest_of(native, 1, x, n, cuts, count, codes)
              : nearest_of(native, 0, x, n, cuts, count, codes);
}
MPK_VERSIONS(
    int, nearest,
    (const void *x, int half, size_t n, const float *cuts, size_t count, uint8_t *codes), x, half,
    n, cuts, count, codes)

MPK_INLINE int nearest_vectors_body(
    int native, const float *x, size_t stride, size_t size, size_t n, const float *table,
    size_t count, uint8_t *restrict codes, float *restrict distances) {
  (void)native;
  int strange = 0;
  for (size_t i = 0; i < n; i += STRIP) {
    size_t width = n - i < STRIP ? n - i : STRIP;
    float value[4][STRIP] = {{0}}, least[STRIP];
    int32_t code[STRIP] = {0};
    for (size_t d = 0; d < size; d++) {
      memcpy(value[d], x + d * stride + i, width * sizeof(float));
      for (size_t j = 0; j < STRIP; j++) strange |= !(fabsf(value[d][j]) <= FLT_MAX);
    }
    for (size_t j = 0; j < STRIP; j++) least[j] = INFINITY;
    for (size_t c = 0; c < count; c++) {
      float distance[STRIP] = {0};
      for (size_t d = 0; d < size; d++) {
        float entry = table[c * size + d];
        for (size_t j = 0; j < STRIP; j++) {
          distance[j] += (value[d][j] - entry) * (value[d][j] - entry);
        }
      }
      for (size_t j = 0; j < STRIP; j++) {
        int closer = distance[j] < least[j];
        least[j] = closer ? distance[j] : least[j];
        code[j] = closer ? (int32_t)c : code[j];
      }
    }
    for (size_t j = 0; j < width; j++) codes[i + j] = (uint8_t)code[j];
    if (distances) memcpy(distances + i, least, width * sizeof(float));
  }
  return strange;
}
MPK_VERSIONS(
    int, nearest_vectors,
    (const float *x, size_t stride, size_t size, size_t n, const float *table, size_t count,
     uint8_t *codes, float *distances),
    x, stride, size, n, table, count, codes, distances)

// MARK: Scales

MPK_INLINE void divide_body(
    int native, void *x, int half, size_t n, const float *scale, size_t step) {
  if (half) {
    uint16_t *y = x;
    for (size_t i = 0; i < n; i++) {
      y[i] = mpk_narrow(native, mpk_widen(native, y[i]) / scale[i * step]);
    }
  } else {
    float *y = x;
    for (size_t i = 0; i < n; i++) y[i] = y[i] / scale[i * step];
  }
}
MPK_VERSIONS(
    void, divide, (void *x, int half, size_t n, const float *scale, size_t step), x, half, n, scale,
    step)
