// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

MPK_INLINE void shift_scale_run(
    int native, int rounds, int shifts, const float *restrict x, size_t n, float scale,
    float offset, float *restrict y) {
  for (size_t i = 0; i < n; i++) {
    float value = shifts ? mpk_round(native, rounds, x[i] - offset) : x[i];
    y[i] = value * scale;
  }
}

MPK_INLINE void shift_scale_as(
    int native, int rounds, int shifts, const float *restrict x, size_t n, size_t phase,
    size_t inner, const float *restrict scale, const float *restrict offset, float *restrict y) {
  if (inner == 1) {
    for (size_t i = 0; i < n; i++) {
      float value = shifts ? mpk_round(native, rounds, x[i] - offset[i]) : x[i];
      y[i] = value * scale[i];
    }
    return;
  }
  size_t block = 0;
  for (size_t i = 0; i < n; block++) {
    size_t run = inner - phase < n - i ? inner - phase : n - i;
    shift_scale_run(
        native, rounds, shifts, x + i, run, scale[block], shifts ? offset[block] : 0, y + i);
    i += run;
    phase = 0;
  }
}

MPK_INLINE void shift_scale_body(
    int native, const float *x, size_t n, size_t phase, size_t inner, const float *scale,
    const float *offset, int rounds, float *y) {
  if (!offset) shift_scale_as(native, 0, 0, x, n, phase, inner, scale, offset, y);
  else if (rounds) shift_scale_as(native, 1, 1, x, n, phase, inner, scale, offset, y);
  else shift_scale_as(native, 0, 1, x, n, phase, inner, scale, offset, y);
}
MPK_VERSIONS(
    void, shift_scale,
    (const float *x, size_t n, size_t phase, size_t inner, const float *scale,
     const float *offset, int rounds, float *y),
    x, n, phase, inner, scale, offset, rounds, y)

#define LOOKUP(type)                                                              \
  do {                                                                            \
    const type *entry = (const type *)table;                                      \
    type *to = (type *)y;                                                         \
    if (table_stride == 1 && y_stride == 1) {                                     \
      for (size_t i = 0; i < n; i++) to[i] = entry[indices[i]];                   \
    } else {                                                                      \
      for (size_t i = 0; i < n; i++) {                                            \
        to[i * y_stride] = entry[indices[i] * table_stride];                      \
      }                                                                           \
    }                                                                             \
  } while (0)

MPK_INLINE int lookup_body(
    int native, const uint8_t *restrict indices, size_t n, const void *restrict table,
    size_t entries, size_t table_stride, size_t element_size, void *restrict y,
    size_t y_stride) {
  (void)native;
  if (entries < 256) {
    uint8_t largest = 0;
    for (size_t i = 0; i < n; i++) largest = indices[i] > largest ? indices[i] : largest;
    if (n && largest >= entries) return -1;
  }
  switch (element_size) {
    case 1: LOOKUP(uint8_t); return 0;
    case 2: LOOKUP(uint16_t); return 0;
    case 4: LOOKUP(uint32_t); return 0;
    default: return -1;
  }
}
MPK_VERSIONS(
    int, lookup,
    (const uint8_t *indices, size_t n, const void *table, size_t entries, size_t table_stride,
     size_t element_size, void *y, size_t y_stride),
    indices, n, table, entries, table_stride, element_size, y, y_stride)

#define SPREAD(type)                                                                          \
  for (size_t i = 0; i < n; i++) ((type *)y)[i] = mask[i] ? ((const type *)values)[next++] : 0

size_t mpk_spread(
    const uint8_t *mask, size_t n, const void *values, size_t element_size, void *y) {
  size_t next = 0;
  switch (element_size) {
    case 1: SPREAD(uint8_t); break;
    case 2: SPREAD(uint16_t); break;
    case 4: SPREAD(uint32_t); break;
    default: SPREAD(uint64_t); break;
  }
  return next;
}

#define COLLECT(type)                                      \
  for (size_t i = 0; i < n; i++) {                         \
    if (mask[i]) ((type *)y)[next++] = ((const type *)x)[i]; \
  }

size_t mpk_collect(
    const uint8_t *mask, size_t n, const void *x, size_t element_size, void *y) {
  size_t next = 0;
  switch (element_size) {
    case 1: COLLECT(uint8_t); break;
    case 2: COLLECT(uint16_t); break;
    case 4: COLLECT(uint32_t); break;
    default: COLLECT(uint64_t); break;
  }
  return next;
}

#define KEEP(type) \
  for (size_t i = 0; i < n; i++) ((type *)y)[i] &= (type)(mask[i] ? ~(type)0 : 0)

MPK_INLINE void keep_body(
    int native, const uint8_t *restrict mask, size_t n, size_t element_size, void *restrict y) {
  (void)native;
  switch (element_size) {
    case 1: KEEP(uint8_t); break;
    case 2: KEEP(uint16_t); break;
    case 4: KEEP(uint32_t); break;
    default: KEEP(uint64_t); break;
  }
}
MPK_VERSIONS(
    void, keep, (const uint8_t *mask, size_t n, size_t element_size, void *y), mask, n,
    element_size, y)

MPK_INLINE void histogram_as(
    const float *x, size_t n, float low, float scale, uint64_t *counts, size_t bins) {
  for (size_t i = 0; i < n; i++) {
    float place = (x[i] - low) * scale;
    // A NaN fails the first comparison.
    if (!(place >= 0)) continue;
    size_t bin = place < (float)bins ? (size_t)place : bins;
    if (bin == bins && place > (float)bins) continue;
    counts[bin < bins ? bin : bins - 1]++;
  }
}

void mpk_histogram(
    const float *x, size_t n, float low, float high, uint64_t *counts, size_t bins) {
  if (!bins || !(high > low)) return;
  histogram_as(x, n, low, (float)bins / (high - low), counts, bins);
}
