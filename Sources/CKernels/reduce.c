// SPDX-License-Identifier: Apache-2.0
//
// Reductions keep `LANES` independent results, element i going to lane i % LANES, so that the
// compiler may use vectors of any width up to that and all of them agree.
#include "internal.h"

enum { LANES = 16 };

MPK_INLINE int min_max_body(int native, const float *x, size_t n, float *low, float *high) {
  (void)native;
  float least[LANES], most[LANES];
  uint32_t nan[LANES] = {0};
  for (int j = 0; j < LANES; j++) {
    least[j] = INFINITY;
    most[j] = -INFINITY;
  }
  size_t whole = n - n % LANES;
  for (size_t i = 0; i < whole; i += LANES) {
    for (int j = 0; j < LANES; j++) {
      float value = x[i + j];
      least[j] = value < least[j] ? value : least[j];
      most[j] = value > most[j] ? value : most[j];
      nan[j] |= value != value;
    }
  }
  for (size_t i = whole; i < n; i++) {
    float value = x[i];
    least[i - whole] = value < least[i - whole] ? value : least[i - whole];
    most[i - whole] = value > most[i - whole] ? value : most[i - whole];
    nan[0] |= value != value;
  }
  uint32_t any = 0;
  *low = least[0];
  *high = most[0];
  for (int j = 0; j < LANES; j++) {
    *low = least[j] < *low ? least[j] : *low;
    *high = most[j] > *high ? most[j] : *high;
    any |= nan[j];
  }
  return (int)any;
}
MPK_VERSIONS(int, min_max, (const float *x, size_t n, float *low, float *high), x, n, low, high)

MPK_INLINE int abs_max_body(int native, const float *x, size_t n, float *result) {
  (void)native;
  float most[LANES] = {0};
  uint32_t nan[LANES] = {0};
  size_t whole = n - n % LANES;
  for (size_t i = 0; i < whole; i += LANES) {
    for (int j = 0; j < LANES; j++) {
      float value = fabsf(x[i + j]);
      most[j] = value > most[j] ? value : most[j];
      nan[j] |= value != value;
    }
  }
  for (size_t i = whole; i < n; i++) {
    float value = fabsf(x[i]);
    most[0] = value > most[0] ? value : most[0];
    nan[0] |= value != value;
  }
  uint32_t any = 0;
  *result = 0;
  for (int j = 0; j < LANES; j++) {
    *result = most[j] > *result ? most[j] : *result;
    any |= nan[j];
  }
  return (int)any;
}
MPK_VERSIONS(int, abs_max, (const float *x, size_t n, float *result), x, n, result)

MPK_INLINE double sum_body(int native, const float *x, size_t n) {
  (void)native;
  double sums[LANES] = {0};
  size_t whole = n - n % LANES;
  for (size_t i = 0; i < whole; i += LANES) {
    for (int j = 0; j < LANES; j++) sums[j] += (double)x[i + j];
  }
  for (size_t i = whole; i < n; i++) sums[i - whole] += (double)x[i];
  for (int half = LANES / 2; half > 0; half /= 2) {
    for (int j = 0; j < half; j++) sums[j] += sums[j + half];
  }
  return sums[0];
}
MPK_VERSIONS(double, sum, (const float *x, size_t n), x, n)

MPK_INLINE void accumulate_error_body(
    int native, const float *x, const float *y, size_t n, mpk_error *error) {
  (void)native;
  double signal[LANES] = {0}, noise[LANES] = {0};
  float largest[LANES] = {0};
  for (size_t i = 0; i < n; i += LANES) {
    size_t width = n - i < LANES ? n - i : LANES;
    if (width == LANES) {
      for (int j = 0; j < LANES; j++) {
        float difference = x[i + j] - y[i + j], magnitude = fabsf(difference);
        signal[j] += (double)x[i + j] * (double)x[i + j];
        noise[j] += (double)difference * (double)difference;
        largest[j] = magnitude > largest[j] ? magnitude : largest[j];
      }
      continue;
    }
    for (size_t j = 0; j < width; j++) {
      float difference = x[i + j] - y[i + j], magnitude = fabsf(difference);
      signal[j] += (double)x[i + j] * (double)x[i + j];
      noise[j] += (double)difference * (double)difference;
      largest[j] = magnitude > largest[j] ? magnitude : largest[j];
    }
  }
  for (int j = 0; j < LANES; j++) {
    error->signal += signal[j];
    error->noise += noise[j];
    if ((double)largest[j] > error->largest) error->largest = (double)largest[j];
  }
}
MPK_VERSIONS(
    void, accumulate_error, (const float *x, const float *y, size_t n, mpk_error *error), x, y, n,
    error)

MPK_INLINE uint64_t count_bytes_body(int native, const uint8_t *x, size_t n, uint8_t a, uint8_t b) {
  (void)native;
  uint64_t count = 0;
  for (size_t i = 0; i < n; i++) count += (x[i] == a) | (x[i] == b);
  return count;
}
MPK_VERSIONS(
    uint64_t, count_bytes, (const uint8_t *x, size_t n, uint8_t a, uint8_t b), x, n, a, b)
