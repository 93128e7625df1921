// SPDX-License-Identifier: Apache-2.0
//
// Scales and zero points of least squared error (docs/formats/quantization.md).
//
// A trial divides a block by a scale and rounds. Of its codes r, dot = sum(u r) and
// norm = sum(r r), u being the elements over the trial's scale, tell two things: the scale that is
// best for just these codes, scale * dot / norm, and by how much it lowers the squared error,
// scale^2 dot^2 / norm. So few trials suffice, and they are the lanes of a vector: no sum is ever
// reordered, and every instruction set gives the same bits.
#include "quantization.h"

enum { TRIALS = MPK_TRIALS, RUN = 256 };

// MARK: The plan of trials

/// Trials of the factors from, from * ratio, ...
typedef struct {
  float from, ratio;
} window;

/// Blocks of up to this many elements have windows of their own; larger ones zoom in, since their
/// error is a smooth function of the scale.
enum { SMALL = 64, ZOOMS = 4 };
static const window small4[] = {{0.86f, 1.0419f}};
static const window small8[] = {{0.985f, 1.00216f}, {1.002f, 1.00216f}, {1.0195f, 1.00216f}};
/// From 0.05 to 1.1 and from 0.25 to 1.02; each window spans two steps of the one before.
static const window zoom4[ZOOMS] = {{0.05f, 1.5552f}, {0, 1.1345f}, {0, 1.0367f}, {0, 1.01036f}};
static const window zoom8[ZOOMS] = {{0.25f, 1.2225f}, {0, 1.0591f}, {0, 1.01654f}, {0, 1.0047f}};

MPK_INLINE void open_window(mpk_search *search, float from, float ratio) {
  search->ratio = ratio;
  for (int j = 0; j < TRIALS; j++) {
    search->factor[j] = from;
    search->dot[j] = 0;
    search->norm[j] = 0;
    from *= ratio;
  }
}

/// Opens the window of `round` among those that keep the zero point; 0 if there is none.
MPK_INLINE int open_round(mpk_search *search, mpk_quantization scheme, int round) {
  int four = scheme.bits == 4;
  if (search->is_small) {
    if (round >= (four ? 1 : 3)) return 0;
    window next = four ? small4[round] : small8[round];
    open_window(search, next.from, next.ratio);
    return 1;
  }
  if (round >= ZOOMS) return 0;
  window next = four ? zoom4[round] : zoom8[round];
  float from = round == 0 ? next.from : search->best_factor / search->ratio;
  open_window(search, from, next.ratio);
  return 1;
}

/// Moves the zero point on: by steps that halve, each tried in both directions. 0 at the end.
MPK_INLINE int open_shift(mpk_search *search, mpk_quantization scheme) {
  float least, most;
  mpk_codes(scheme, &least, &most);
  for (;;) {
    int turn = search->shifts++;
    int first = search->is_small ? 1 : 1 << (scheme.bits - 2);
    int step = first >> (turn / 2);
    if (step == 0) return 0;
    if (turn % 2 == 0) search->origin = search->best_zero;
    float zero = search->origin + (float)(turn % 2 == 0 ? step : -step);
    if (zero < least || zero > most) continue;
    search->zero = zero;
    if (search->is_small) {
      search->round = 0;
      return open_round(search, scheme, 0);
    }
    if (step > 1) {
      open_window(search, search->best_factor * 0.75f, 1.0857f);
    } else {
      open_window(search, search->best_factor * 0.93f, 1.0206f);
    }
    return 1;
  }
}

/// The scale that just reaches the ends of a range. 0 where there is nothing to find: in a block of
/// zeros, and where sums would overflow or vanish.
MPK_INLINE float base_of(float low, float high, float zero, mpk_quantization scheme) {
  float least, most;
  mpk_codes(scheme, &least, &most);
  low = low < 0 ? low : 0;
  high = high > 0 ? high : 0;
  float base;
  if (scheme.is_symmetric) {
    float below = low / (least - zero), above = high / (most - zero);
    base = below > above ? below : above;
  } else {
    base = high / (most - least) - low / (most - least);
  }
  return base >= 0x1p-90f && base <= 0x1p90f ? base : 0;
}

MPK_INLINE void begin_body(
    int native, float low, float high, size_t elements, mpk_quantization scheme, float scale,
    float zero, mpk_search *search) {
  (void)native;
  memset(search, 0, sizeof *search);
  search->plain_scale = search->best_scale = scale;
  search->plain_zero = search->best_zero = search->zero = zero;
  search->is_small = elements <= SMALL;
  search->base = base_of(low, high, zero, scheme);
  search->phase = search->base > 0 ? MPK_TRYING : MPK_DONE;
  if (search->phase == MPK_TRYING) open_round(search, scheme, 0);
  if (search->is_small && scale > 0) search->factor[TRIALS - 1] = scale / search->base;
}

/// The best trial so far.
typedef struct {
  float gain, factor, scale, zero;
} choice;

/// By how much the given scale, the last trial of the first window, lowers the error.
MPK_INLINE float plain_gain(float factor, float dot, float norm) {
  return factor * factor * (2 * dot - norm);
}

/// Whether a choice is better than the given scale by more than the roundings that the sums know
/// nothing of can change.
MPK_INLINE int is_certain(const choice *best, float plain, mpk_quantization scheme) {
  return scheme.bits == 4 && best->gain - plain > 2e-5f * best->gain && best->scale >= 0x1p-14f;
}

/// Takes over the best trial of a window if it is better; of equal ones the smallest factor.
MPK_INLINE void judge(
    int native, mpk_quantization scheme, float base, float zero, const mpk_f32x8 *dots,
    const mpk_f32x8 *norms, const mpk_f32x8 *factors, choice *best) {
  mpk_f32x8 one = 1, factor = *factors, reach = *dots * factor;
  mpk_f32x8 norm = *norms > 0 ? *norms : one;
  mpk_f32x8 gain = reach * reach / norm, scale = base * (reach / norm);
  // The number of the trial replaces the last bits, so that the largest tells which it is.
  mpk_i32x8 number = {7, 6, 5, 4, 3, 2, 1, 0}, key;
  memcpy(&key, &gain, sizeof key);
  key = (key & ~7) | number;
  mpk_i32x4 four = key.lo > key.hi ? key.lo : key.hi;
  mpk_i32x2 two = four.lo > four.hi ? four.lo : four.hi;
  int32_t largest = two[0] > two[1] ? two[0] : two[1];
  float top = mpk_float_of_bits((uint32_t)largest & ~7u);
  if (!(top > best->gain)) return;
  int j = 7 - (largest & 7);
  float rounded = mpk_round(native, scheme.is_half, scale[j]);
  best->gain = top;
  best->factor = factor[j];
  best->scale = scheme.is_half && rounded == 0 ? 0x1p-24f : rounded;
  best->zero = zero;
}

/// Keeps the best trial of the window and opens the next one.
MPK_INLINE void advance_body(int native, mpk_quantization scheme, mpk_search *search) {
  if (search->phase == MPK_COMPARING) {
    if (!(search->dot[0] < search->norm[0])) {
      search->best_scale = search->plain_scale;
      search->best_zero = search->plain_zero;
    }
    search->phase = MPK_DONE;
    return;
  }
  mpk_f32x8 dot, norm, factor;
  for (int j = 0; j < TRIALS; j++) {
    dot[j] = (float)search->dot[j];
    norm[j] = (float)search->norm[j];
    factor[j] = search->factor[j];
  }
  choice found = {search->best_gain, search->best_factor, search->best_scale, search->best_zero};
  judge(native, scheme, search->base, search->zero, &dot, &norm, &factor, &found);
  if (search->is_small && search->round == 0 && search->shifts == 0) {
    search->plain_gain = plain_gain(factor[TRIALS - 1], dot[TRIALS - 1], norm[TRIALS - 1]);
  }
  search->best_gain = found.gain;
  search->best_factor = found.factor;
  search->best_scale = found.scale;
  search->best_zero = found.zero;
  search->round++;
  if (search->shifts == 0 || search->is_small) {
    if (open_round(search, scheme, search->round)) return;
  }
  if (!scheme.is_symmetric && search->best_gain > 0 && open_shift(search, scheme)) return;
  if (search->is_small && search->plain_scale > 0 &&
      is_certain(&found, search->plain_gain, scheme)) {
    search->phase = MPK_DONE;
    return;
  }
  search->phase = MPK_COMPARING;
  search->dot[0] = 0;
  search->norm[0] = 0;
}

// MARK: Sums

/// Rounds values of magnitude below 2^22 to integers, ties to even.
#define ROUNDED(native, x) \
  ((native) ? __builtin_elementwise_rint(x) : ((x) + 12582912.0f) - 12582912.0f)

/// The sums of every trial over a run; `n` is even.
MPK_INLINE void try_run(
    int native, int weighted, const float *y, const float *importance, size_t n,
    mpk_quantization scheme, float base, float zero, const mpk_f32x8 *factors, mpk_f32x8 *dots,
    mpk_f32x8 *norms) {
  float least, most;
  mpk_codes(scheme, &least, &most);
  mpk_f32x8 low = least - zero, high = most - zero, inverse = 1.0f / (*factors * base);
  mpk_f32x8 dot[2] = {0, 0}, norm[2] = {0, 0};
  for (size_t i = 0; i < n; i += 2) {
#pragma clang loop unroll(full)
    for (size_t k = 0; k < 2; k++) {
      mpk_f32x8 u = y[i + k] * inverse;
      mpk_f32x8 r = u < high ? u : high;
      r = r > low ? r : low;
      r = ROUNDED(native, r);
      mpk_f32x8 counted = weighted ? r * importance[i + k] : r;
      dot[k] += u * counted;
      norm[k] += r * counted;
    }
  }
  *dots = dot[0] + dot[1];
  *norms = norm[0] + norm[1];
}

MPK_INLINE void absorb_trials(
    int native, int weighted, const float *y, const float *importance, size_t n,
    mpk_quantization scheme, mpk_search *search) {
  mpk_f32x8 factor, dot, norm;
  memcpy(&factor, search->factor, sizeof factor);
  try_run(
      native, weighted, y, importance, n, scheme, search->base, search->zero, &factor, &dot, &norm);
  for (int j = 0; j < TRIALS; j++) {
    search->dot[j] += (double)dot[j];
    search->norm[j] += (double)norm[j];
  }
}

/// The squared error of `y` stored with a scale and a zero point, exactly as it is encoded and
/// decoded. `n` is a multiple of 8.
MPK_INLINE double stored_error(
    int native, int half, int weighted, const float *y, const float *importance, size_t n,
    mpk_quantization scheme, float scale, float zero) {
  float least, most;
  mpk_codes(scheme, &least, &most);
  mpk_f32x8 low = least - zero, high = most - zero, sum = 0;
  float inverse = 1.0f / scale;
  for (size_t i = 0; i < n; i += 8) {
    mpk_f32x8 value, q, decoded;
    memcpy(&value, y + i, sizeof value);
    if (scale == 0) {
      decoded = 0;
    } else {
#ifdef MPK_HAS_HALF
      if (native && half) {
        // The quotient of floats, correctly rounded: the remainder corrects the product.
        mpk_f32x8 s = scale, v = inverse;
        q = value * v;
        q = __builtin_elementwise_fma(__builtin_elementwise_fma(-q, s, value), v, q);
        q = __builtin_convertvector(__builtin_convertvector(q, mpk_f16x8), mpk_f32x8);
      } else
#endif
      {
        q = value / scale;
        for (int j = 0; j < 8; j++) q[j] = mpk_round(native, half, q[j]);
      }
      q = q < high ? q : high;
      q = q > low ? q : low;
      decoded = ROUNDED(native, q) * scale;
#ifdef MPK_HAS_HALF
      if (native && half) {
        decoded = __builtin_convertvector(__builtin_convertvector(decoded, mpk_f16x8), mpk_f32x8);
      } else
#endif
      {
        for (int j = 0; j < 8; j++) decoded[j] = mpk_round(native, half, decoded[j]);
      }
    }
    mpk_f32x8 difference = value - decoded;
    difference *= difference;
    if (weighted) {
      mpk_f32x8 weight;
      memcpy(&weight, importance + i, sizeof weight);
      difference *= weight;
    }
    sum += difference;
  }
  mpk_f32x4 four = sum.lo + sum.hi;
  mpk_f32x2 two = four.lo + four.hi;
  return (double)(two[0] + two[1]);
}

/// Adds what the search wants to know of a run. `y` is padded with zeros to a multiple of 8.
MPK_INLINE void absorb_run(
    int native, const float *y, const float *importance, size_t n, mpk_quantization scheme,
    mpk_search *search) {
#define STORED(half, weighted, scale, zero) \
  stored_error(native, half, weighted, y, importance, n, scheme, search->scale, search->zero)
  if (search->phase == MPK_TRYING) {
    if (importance) {
      absorb_trials(native, 1, y, importance, n, scheme, search);
    } else {
      absorb_trials(native, 0, y, importance, n, scheme, search);
    }
  } else if (search->phase == MPK_COMPARING) {
    if (scheme.is_half && !importance) {
      search->dot[0] += STORED(1, 0, best_scale, best_zero);
      search->norm[0] += STORED(1, 0, plain_scale, plain_zero);
    } else if (scheme.is_half) {
      search->dot[0] += STORED(1, 1, best_scale, best_zero);
      search->norm[0] += STORED(1, 1, plain_scale, plain_zero);
    } else if (importance) {
      search->dot[0] += STORED(0, 1, best_scale, best_zero);
      search->norm[0] += STORED(0, 1, plain_scale, plain_zero);
    } else {
      search->dot[0] += STORED(0, 0, best_scale, best_zero);
      search->norm[0] += STORED(0, 0, plain_scale, plain_zero);
    }
  }
#undef STORED
}

/// Copies a run into `y` and `w`, padded; gives the padded length.
MPK_INLINE size_t load_run(
    int native, int half, const void *x, const float *importance, size_t start, size_t stride,
    size_t n, float *restrict y, float *restrict w) {
  if (stride == 1) {
    for (size_t i = 0; i < n; i++) y[i] = mpk_load(native, half, x, start + i);
  } else {
    for (size_t i = 0; i < n; i++) y[i] = mpk_load(native, half, x, start + i * stride);
  }
  if (importance) {
    for (size_t i = 0; i < n; i++) w[i] = importance[start + i * stride];
  }
  size_t padded = (n + 7) / 8 * 8;
  for (size_t i = n; i < padded; i++) y[i] = w[i] = 0;
  return padded;
}

/// Adds a piece of `rows` rows of one column.
MPK_INLINE void absorb_column(
    int native, int half, const void *x, const float *importance, size_t start, size_t rows,
    size_t inner, size_t row_stride, mpk_quantization scheme, mpk_search *search) {
  float y[RUN], w[RUN];
  // Columns one element wide run down the rows.
  size_t runs = inner == 1 ? 1 : rows, length = inner == 1 ? rows : inner;
  size_t stride = inner == 1 ? row_stride : 1;
  for (size_t r = 0; r < runs; r++) {
    for (size_t i = 0; i < length; i += RUN) {
      size_t n = length - i < RUN ? length - i : RUN;
      size_t place = start + r * row_stride + i * stride;
      size_t padded = load_run(native, half, x, importance, place, stride, n, y, w);
      absorb_run(native, y, importance ? w : NULL, padded, scheme, search);
    }
  }
}

MPK_INLINE void search_absorb_body(
    int native, const void *x, int half, size_t rows, size_t columns, size_t inner,
    size_t row_stride, const float *importance, mpk_quantization scheme, mpk_search *searches) {
  for (size_t c = 0; c < columns; c++) {
    if (half) {
      absorb_column(
          native, 1, x, importance, c * inner, rows, inner, row_stride, scheme, &searches[c]);
    } else {
      absorb_column(
          native, 0, x, importance, c * inner, rows, inner, row_stride, scheme, &searches[c]);
    }
  }
}
MPK_VERSIONS(
    void, search_absorb,
    (const void *x, int half, size_t rows, size_t columns, size_t inner, size_t row_stride,
     const float *importance, mpk_quantization scheme, mpk_search *searches),
    x, half, rows, columns, inner, row_stride, importance, scheme, searches)

// MARK: Searches

void mpk_search_begin(
    const float *low, const float *high, size_t n, size_t elements, mpk_quantization scheme,
    const float *scale, const float *zero, mpk_search *searches) {
  for (size_t i = 0; i < n; i++) {
    begin_body(0, low[i], high[i], elements, scheme, scale[i], zero[i], &searches[i]);
  }
}

int mpk_search_advance(mpk_search *searches, size_t n, mpk_quantization scheme) {
  int busy = 0;
  for (size_t i = 0; i < n; i++) {
    if (searches[i].phase == MPK_DONE) continue;
    advance_body(0, scheme, &searches[i]);
    busy |= searches[i].phase != MPK_DONE;
  }
  return busy;
}

/// The whole search of a small block at hand, with the steps of `advance_body`.
MPK_INLINE void search_small(
    int native, int weighted, const float *y, const float *importance, size_t n,
    mpk_quantization scheme, float base, float *scale, float *zero) {
  int four = scheme.bits == 4, windows = four ? 1 : 3;
  float least, most, plain = 0, origin = *zero;
  mpk_codes(scheme, &least, &most);
  choice best = {0, 0, *scale, *zero};
  for (int turn = 0; turn < (scheme.is_symmetric ? 1 : 3); turn++) {
    if (turn == 1) origin = best.zero;
    float point = turn == 0 ? origin : turn == 1 ? origin + 1 : origin - 1;
    if (point < least || point > most || (turn > 0 && best.gain == 0)) continue;
    for (int k = 0; k < windows; k++) {
      window from = four ? small4[k] : small8[k];
      mpk_f32x8 factor, dot, norm;
      factor[0] = from.from;
#pragma clang loop unroll(full)
      for (int j = 1; j < TRIALS; j++) factor[j] = factor[j - 1] * from.ratio;
      int first = turn == 0 && k == 0;
      if (first && *scale > 0) factor[TRIALS - 1] = *scale / base;
      try_run(native, weighted, y, importance, n, scheme, base, point, &factor, &dot, &norm);
      judge(native, scheme, base, point, &dot, &norm, &factor, &best);
      if (first) plain = plain_gain(factor[TRIALS - 1], dot[TRIALS - 1], norm[TRIALS - 1]);
    }
  }
  if (!(*scale > 0) || !is_certain(&best, plain, scheme)) {
#define STORED(half, scale, zero) \
  stored_error(native, half, weighted, y, importance, n, scheme, scale, zero)
    int better = scheme.is_half ? STORED(1, best.scale, best.zero) < STORED(1, *scale, *zero)
                                : STORED(0, best.scale, best.zero) < STORED(0, *scale, *zero);
#undef STORED
    if (!better) return;
  }
  *scale = best.scale;
  *zero = best.zero;
}

/// Blocks of up to SMALL elements, as many at a time as fit a run.
MPK_INLINE void search_small_blocks(
    int native, int half, const void *x, size_t blocks, size_t inner, const float *importance,
    mpk_quantization scheme, const float *low, const float *high, float *scale, float *zero) {
  float y[RUN], w[RUN];
  size_t step = inner % 8 == 0 ? RUN / inner : 1;
  for (size_t b = 0; b < blocks; b += step) {
    size_t count = blocks - b < step ? blocks - b : step;
    size_t padded =
        load_run(native, half, x, importance, b * inner, 1, count * inner, y, w) / count;
    for (size_t k = 0; k < count; k++) {
      float base = base_of(low[b + k], high[b + k], zero[b + k], scheme);
      if (!(base > 0)) continue;
      const float *values = y + k * inner, *weights = w + k * inner;
      if (importance) {
        search_small(
            native, 1, values, weights, padded, scheme, base, &scale[b + k], &zero[b + k]);
      } else {
        search_small(native, 0, values, NULL, padded, scheme, base, &scale[b + k], &zero[b + k]);
      }
    }
  }
}

MPK_INLINE void search_blocks_body(
    int native, const void *x, int half, size_t blocks, size_t inner, const float *importance,
    mpk_quantization scheme, const float *low, const float *high, float *scale, float *zero) {
  if (inner == 0) return;
#define SMALL_BLOCKS(half)                                                                      \
  search_small_blocks(                                                                          \
      native, half, x, blocks, inner, importance, scheme, low, high, scale, zero)
  if (inner <= SMALL) {
    if (half) SMALL_BLOCKS(1); else SMALL_BLOCKS(0);
    return;
  }
#undef SMALL_BLOCKS
  for (size_t b = 0; b < blocks; b++) {
    mpk_search search;
    begin_body(native, low[b], high[b], inner, scheme, scale[b], zero[b], &search);
    while (search.phase != MPK_DONE) {
      if (half) {
        absorb_column(native, 1, x, importance, b * inner, 1, inner, 0, scheme, &search);
      } else {
        absorb_column(native, 0, x, importance, b * inner, 1, inner, 0, scheme, &search);
      }
      advance_body(native, scheme, &search);
    }
    scale[b] = search.best_scale;
    zero[b] = search.best_zero;
  }
}
MPK_VERSIONS(
    void, search_blocks,
    (const void *x, int half, size_t blocks, size_t inner, const float *importance,
     mpk_quantization scheme, const float *low, const float *high, float *scale, float *zero),
    x, half, blocks, inner, importance, scheme, low, high, scale, zero)
