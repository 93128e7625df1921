// SPDX-License-Identifier: Apache-2.0
//
// Which elements of a weight are pruned. Groups of channels are x[units][channels][inner], each unit
// a group. Magnitudes are compared as the bits of absolute values, which order as the values do.
#include "internal.h"

enum { SMALL = 16 };

/// The bits of |x[i]|.
MPK_INLINE uint32_t magnitude(const void *x, int half, size_t i) {
  if (half) return ((const uint16_t *)x)[i] & 0x7fff;
  return ((const uint32_t *)x)[i] & 0x7fffffff;
}

void mpk_count_magnitudes(
    const void *x, int half, size_t n, int64_t upper, uint64_t weight, uint64_t *bins) {
  for (size_t i = 0; i < n; i++) {
    uint32_t bits = magnitude(x, half, i);
    if (half) {
      bins[bits] += weight;
    } else if (upper < 0) {
      bins[bits >> 16] += weight;
    } else if (bits >> 16 == (uint32_t)upper) {
      bins[bits & 0xffff] += weight;
    }
  }
}

// MARK: Norms of blocks

/// What a run of elements adds up to, as if zeros followed it.
typedef struct {
  const void *x;
  int half;
  size_t start, count;
} mpk_run;

/// The square of element `i` of a run, in its dtype.
static float square_at(const mpk_run *run, size_t i) {
  if (i >= run->count) return 0;
  float value = mpk_load(0, run->half, run->x, run->start + i);
  return mpk_round(0, run->half, value * value);
}

/// The sum in float32 of the squares `first..<first + n`, in the order of numpy's pairwise sum.
static float pairwise(const mpk_run *run, size_t first, size_t n) {
  if (n < 8) {
    float sum = -0.0f;
    for (size_t i = 0; i < n; i++) sum += square_at(run, first + i);
    return sum;
  }
  if (n <= 128) {
    float lanes[8];
    size_t whole = n - n % 8;
    for (size_t i = 0; i < 8; i++) lanes[i] = square_at(run, first + i);
    for (size_t i = 8; i < whole; i++) lanes[i % 8] += square_at(run, first + i);
    float sum = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
                ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
    for (size_t i = whole; i < n; i++) sum += square_at(run, first + i);
    return sum;
  }
  size_t half = n / 2 - n / 2 % 8;
  return pairwise(run, first, half) + pairwise(run, first + half, n - half);
}

MPK_INLINE void store(int native, int half, void *y, size_t i, float value) {
  if (half) {
    ((uint16_t *)y)[i] = mpk_narrow(native, value);
  } else {
    ((float *)y)[i] = value;
  }
}

void mpk_run_norms(
    const void *x, int half, size_t units, size_t channels, size_t group, void *norms) {
  for (size_t unit = 0; unit < units; unit++) {
    mpk_run run = {x, half, unit * channels, channels};
    float sum = mpk_round(0, half, 0.0f + pairwise(&run, 0, group));
    store(0, half, norms, unit, sqrtf(sum));
  }
}

MPK_INLINE void block_norms_body(
    int native, const void *x, int half, size_t units, size_t channels, size_t inner,
    void *norms) {
  for (size_t unit = 0; unit < units; unit++) {
    size_t start = unit * channels * inner, place = unit * inner;
    for (size_t i = 0; i < inner; i++) store(native, half, norms, place + i, 0);
    for (size_t channel = 0; channel < channels; channel++) {
      for (size_t i = 0; i < inner; i++) {
        float value = mpk_load(native, half, x, start + channel * inner + i);
        float square = mpk_round(native, half, value * value);
        float sum = mpk_load(native, half, norms, place + i) + square;
        store(native, half, norms, place + i, sum);
      }
    }
    for (size_t i = 0; i < inner; i++) {
      float sum = mpk_load(native, half, norms, place + i);
      store(native, half, norms, place + i, sqrtf(sum));
    }
  }
}
MPK_VERSIONS(
    void, block_norms,
    (const void *x, int half, size_t units, size_t channels, size_t inner, void *norms), x, half,
    units, channels, inner, norms)

void mpk_keep_blocks(
    const void *x, const void *norms, int half, size_t units, size_t channels, size_t inner,
    uint32_t limit, uint8_t *flags) {
  for (size_t unit = 0; unit < units; unit++) {
    for (size_t channel = 0; channel < channels; channel++) {
      size_t start = (unit * channels + channel) * inner;
      for (size_t i = 0; i < inner; i++) {
        int is_kept = magnitude(norms, half, unit * inner + i) > limit;
        flags[start + i] = is_kept & (magnitude(x, half, start + i) != 0);
      }
    }
  }
}

// MARK: n of m

/// The magnitude, all NaNs being equal and the largest.
MPK_INLINE uint32_t ranked(const void *x, int half, size_t i) {
  uint32_t bits = magnitude(x, half, i);
  uint32_t infinity = half ? 0x7c00 : 0x7f800000;
  return bits > infinity ? infinity + 1 : bits;
}

/// The `place`-th smallest (from 0) of n different keys, which it moves around.
static uint64_t selected(uint64_t *keys, size_t n, size_t place) {
  size_t low = 0, high = n - 1;
  while (low < high) {
    uint64_t pivot = keys[low + (high - low) / 2];
    size_t i = low, j = high;
    for (;;) {
      while (keys[i] < pivot) i++;
      while (keys[j] > pivot) j--;
      if (i >= j) break;
      uint64_t key = keys[i];
      keys[i++] = keys[j];
      keys[j--] = key;
    }
    // Now keys[low...j] <= pivot <= keys[j + 1...high], and j < high.
    if (place <= j) {
      high = j;
    } else {
      low = j + 1;
    }
  }
  return keys[place];
}

/// One group: `channels` elements `inner` apart, as if followed by zeros up to `group`. The `zeros`
/// smallest are dropped, of equal ones the first.
MPK_INLINE void keep_group(
    const void *x, int half, size_t start, size_t channels, size_t inner, size_t group,
    size_t zeros, uint64_t *keys, uint8_t *flags) {
  for (size_t i = 0; i < group; i++) {
    uint64_t bits = i < channels ? ranked(x, half, start + i * inner) : 0;
    keys[i] = bits << 32 | i;
  }
  if (group <= SMALL) {
    for (size_t i = 0; i < channels; i++) {
      size_t smaller = 0;
      for (size_t j = 0; j < group; j++) smaller += keys[j] < keys[i];
      flags[start + i * inner] = (smaller >= zeros) & (keys[i] >> 32 != 0);
    }
    return;
  }
  uint64_t limit = zeros > 0 ? selected(keys, group, zeros - 1) : 0;
  for (size_t i = 0; i < channels; i++) {
    uint64_t bits = ranked(x, half, start + i * inner), key = bits << 32 | i;
    flags[start + i * inner] = (zeros == 0 || key > limit) & (bits != 0);
  }
}

/// Groups of `group` neighbours in float16, `group` being known to the compiler.
MPK_INLINE void keep_neighbours(
    const uint16_t *x, size_t units, size_t group, size_t zeros, uint8_t *flags) {
  for (size_t unit = 0; unit < units; unit++) {
    uint16_t keys[8];
    for (size_t i = 0; i < group; i++) {
      uint16_t bits = x[unit * group + i] & 0x7fff;
      keys[i] = bits > 0x7c00 ? 0x7c01 : bits;
    }
    for (size_t i = 0; i < group; i++) {
      uint16_t smaller = 0;
      for (size_t j = 0; j < group; j++) {
        smaller += j < i ? keys[j] <= keys[i] : keys[j] < keys[i];
      }
      flags[unit * group + i] = (smaller >= zeros) & (keys[i] != 0);
    }
  }
}

MPK_INLINE void keep_pattern_body(
    int native, const void *x, int half, size_t units, size_t channels, size_t inner,
    size_t group, size_t zeros, uint64_t *keys, uint8_t *flags) {
  (void)native;
  if (half && inner == 1 && channels == group) {
    switch (group) {
      case 2: keep_neighbours(x, units, 2, zeros, flags); return;
      case 4: keep_neighbours(x, units, 4, zeros, flags); return;
      case 8: keep_neighbours(x, units, 8, zeros, flags); return;
      default: break;
    }
  }
  for (size_t unit = 0; unit < units; unit++) {
    for (size_t i = 0; i < inner; i++) {
      size_t start = unit * channels * inner + i;
      keep_group(x, half, start, channels, inner, group, zeros, keys, flags);
    }
  }
}
MPK_VERSIONS(
    void, keep_pattern,
    (const void *x, int half, size_t units, size_t channels, size_t inner, size_t group,
     size_t zeros, uint64_t *keys, uint8_t *flags),
    x, half, units, channels, inner, group, zeros, keys, flags)
