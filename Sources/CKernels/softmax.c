// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

enum { LANES = 16 };

/// exp(x) for x <= 0, within 2 units in the last place; 0 below the subnormals, NaN for NaN.
MPK_INLINE float exp_of_nonpositive(float x) {
  float clamped = x < -110.0f ? -110.0f : x;
  float count = rintf(clamped * 0x1.715476p+0f);
  // ln 2 in two parts; the first has few enough bits for an exact product.
  float r = clamped - count * 0x1.62e400p-1f - count * 0x1.7f7d1cp-20f;
  float sum = 0x1.6d7a8p-10f;
  sum = sum * r + 0x1.11f1dap-7f;
  sum = sum * r + 0x1.5554bap-5f;
  sum = sum * r + 0x1.555502p-3f;
  sum = sum * r + 0x1p-1f;
  sum = sum * r * r + r + 1.0f;
  // The power of two in two factors, so that subnormal results are reached without underflow.
  int32_t exponent = count == count ? (int32_t)count : 0;
  int32_t half = exponent / 2;
  float first = mpk_float_of_bits((uint32_t)(half + 127) << 23);
  float second = mpk_float_of_bits((uint32_t)(exponent - half + 127) << 23);
  return sum * first * second;
}

MPK_INLINE void softmax_row(const float *x, float *y, size_t n) {
  float most[LANES], sums[LANES] = {0};
  for (int j = 0; j < LANES; j++) most[j] = -INFINITY;
  size_t whole = n - n % LANES;
  for (size_t i = 0; i < whole; i += LANES) {
    for (int j = 0; j < LANES; j++) most[j] = x[i + j] > most[j] ? x[i + j] : most[j];
  }
  for (size_t i = whole; i < n; i++) most[0] = x[i] > most[0] ? x[i] : most[0];
  float peak = most[0];
  for (int j = 1; j < LANES; j++) peak = most[j] > peak ? most[j] : peak;
  for (size_t i = 0; i < whole; i += LANES) {
    for (int j = 0; j < LANES; j++) {
      y[i + j] = exp_of_nonpositive(x[i + j] - peak);
      sums[j] += y[i + j];
    }
  }
  for (size_t i = whole; i < n; i++) {
    y[i] = exp_of_nonpositive(x[i] - peak);
    sums[i - whole] += y[i];
  }
  float total = 0;
  for (int j = 0; j < LANES; j++) total += sums[j];
  for (size_t i = 0; i < n; i++) y[i] /= total;
}

MPK_INLINE void softmax_rows_body(
    int native, const float *x, float *y, size_t rows, size_t columns) {
  (void)native;
  for (size_t r = 0; r < rows; r++) softmax_row(x + r * columns, y + r * columns, columns);
}
MPK_VERSIONS(
    void, softmax_rows, (const float *x, float *y, size_t rows, size_t columns), x, y, rows,
    columns)
