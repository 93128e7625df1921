// SPDX-License-Identifier: Apache-2.0
//
// Convolution by unrolling patches into a matrix and one matrix product per group, and transposed
// convolution by the same two steps backwards.
#include "internal.h"

#include <stdlib.h>

/// A shape with three spatial axes, those that are missing having one element.
typedef struct {
  int64_t in[3], out[3], kernel[3], stride[3], dilation[3], pad[3];
  int64_t in_size, out_size, kernel_size;
  int64_t in_channels, out_channels;  // of one group
} geometry;

static int product_fits(const int64_t *factors, int n) {
  int64_t product = 1;
  for (int i = 0; i < n; i++) {
    if (factors[i] < 1 || factors[i] > INT32_MAX) return 0;
    if (__builtin_mul_overflow(product, factors[i], &product)) return 0;
  }
  return product <= (int64_t)1 << 48;
}

/// Whether one axis can have the sizes it is said to have.
static int axis_is_valid(const mpk_conv_shape *s, int i) {
  int64_t in = s->input[i], out = s->output[i];
  if (s->stride[i] < 1 || s->dilation[i] < 1 || s->kernel[i] < 1 || in < 1 || out < 1) return 0;
  int64_t limit = INT32_MAX;
  if (s->stride[i] > limit || s->dilation[i] > limit || s->kernel[i] > limit) return 0;
  if (in > limit || out > limit || s->pad_before[i] < 0 || s->pad_before[i] > limit) return 0;
  int64_t extent = s->dilation[i] * (s->kernel[i] - 1) + 1;
  return extent <= limit;
}

int mpk_conv_shape_is_valid(const mpk_conv_shape *s) {
  if (s->spatial < 1 || s->spatial > 3 || s->batch < 1 || s->groups < 1) return 0;
  if (s->in_channels < 1 || s->out_channels < 1) return 0;
  if (s->in_channels % s->groups || s->out_channels % s->groups) return 0;
  int64_t input[5] = {s->batch, s->in_channels, 1, 1, 1};
  int64_t output[5] = {s->batch, s->out_channels, 1, 1, 1};
  int64_t weight[5] = {s->in_channels, s->out_channels, 1, 1, 1};
  int64_t patches[7] = {s->in_channels, 1, 1, 1, 1, 1, 1};
  for (int i = 0; i < s->spatial; i++) {
    if (!axis_is_valid(s, i)) return 0;
    input[2 + i] = s->input[i];
    output[2 + i] = s->output[i];
    weight[2 + i] = s->kernel[i];
    patches[1 + i] = s->kernel[i];
    patches[4 + i] = s->transposed ? s->input[i] : s->output[i];
  }
  return product_fits(input, 5) && product_fits(output, 5) && product_fits(weight, 5) &&
         product_fits(patches, 7);
}

static geometry geometry_of(const mpk_conv_shape *s) {
  geometry g;
  int missing = 3 - s->spatial;
  g.in_size = g.out_size = g.kernel_size = 1;
  for (int i = 0; i < 3; i++) {
    int from = i - missing;
    g.in[i] = from < 0 ? 1 : s->input[from];
    g.out[i] = from < 0 ? 1 : s->output[from];
    g.kernel[i] = from < 0 ? 1 : s->kernel[from];
    g.stride[i] = from < 0 ? 1 : s->stride[from];
    g.dilation[i] = from < 0 ? 1 : s->dilation[from];
    g.pad[i] = from < 0 ? 0 : s->pad_before[from];
    g.in_size *= g.in[i];
    g.out_size *= g.out[i];
    g.kernel_size *= g.kernel[i];
  }
  g.in_channels = s->in_channels / s->groups;
  g.out_channels = s->out_channels / s->groups;
  return g;
}

/// One row of an unrolled image: the positions that one tap of the kernel sees. `coarse` is the
/// side that the kernel steps over (a convolution's output), `fine` the side it reads or writes.
typedef struct {
  const int64_t *coarse, *fine;
  int64_t offset[3], stride[3];
} taps;

static taps taps_of(const geometry *g, int transposed, int64_t k) {
  taps t = {transposed ? g->in : g->out, transposed ? g->out : g->in, {0}, {0}};
  int64_t rest = k;
  for (int i = 2; i >= 0; i--) {
    t.offset[i] = rest % g->kernel[i] * g->dilation[i] - g->pad[i];
    t.stride[i] = g->stride[i];
    rest /= g->kernel[i];
  }
  return t;
}

static int inside(int64_t position, int64_t size) { return position >= 0 && position < size; }

/// Copies the seen positions of `image` into `row`, zero outside of the image.
static void gather(const taps *t, const float *image, float *row) {
  for (int64_t a = 0; a < t->coarse[0]; a++) {
    int64_t z = a * t->stride[0] + t->offset[0];
    for (int64_t b = 0; b < t->coarse[1]; b++) {
      int64_t y = b * t->stride[1] + t->offset[1];
      int seen = inside(z, t->fine[0]) && inside(y, t->fine[1]);
      for (int64_t c = 0; c < t->coarse[2]; c++) {
        int64_t x = c * t->stride[2] + t->offset[2];
        *row++ = seen && inside(x, t->fine[2])
                     ? image[(z * t->fine[1] + y) * t->fine[2] + x]
                     : 0.0f;
      }
    }
  }
}

/// Adds `row` to the seen positions of `image`.
static void scatter(const taps *t, const float *row, float *image) {
  for (int64_t a = 0; a < t->coarse[0]; a++) {
    int64_t z = a * t->stride[0] + t->offset[0];
    for (int64_t b = 0; b < t->coarse[1]; b++) {
      int64_t y = b * t->stride[1] + t->offset[1];
      int seen = inside(z, t->fine[0]) && inside(y, t->fine[1]);
      for (int64_t c = 0; c < t->coarse[2]; c++, row++) {
        int64_t x = c * t->stride[2] + t->offset[2];
        if (!seen || !inside(x, t->fine[2])) continue;
        image[(z * t->fine[1] + y) * t->fine[2] + x] += *row;
      }
    }
  }
}

static void fill_bias(const float *bias, int64_t first, int64_t channels, int64_t size, float *y) {
  for (int64_t c = 0; c < channels; c++) {
    for (int64_t i = 0; i < size; i++) y[c * size + i] = bias ? bias[first + c] : 0.0f;
  }
}

static int forward(
    const geometry *g, const float *weight, const float *x, float *patches, float *y) {
  int64_t depth = g->in_channels * g->kernel_size;
  for (int64_t c = 0; c < g->in_channels; c++) {
    for (int64_t k = 0; k < g->kernel_size; k++) {
      taps t = taps_of(g, 0, k);
      gather(&t, x + c * g->in_size, patches + (c * g->kernel_size + k) * g->out_size);
    }
  }
  return mpk_sgemm(
      0, 0, g->out_channels, g->out_size, depth, 1, weight, depth, patches, g->out_size, 1, y,
      g->out_size);
}

static int backward(
    const geometry *g, const float *weight, const float *x, float *patches, float *y) {
  int64_t depth = g->out_channels * g->kernel_size;
  int status = mpk_sgemm(
      1, 0, depth, g->in_size, g->in_channels, 1, weight, depth, x, g->in_size, 0, patches,
      g->in_size);
  for (int64_t c = 0; c < g->out_channels; c++) {
    for (int64_t k = 0; k < g->kernel_size; k++) {
      taps t = taps_of(g, 1, k);
      scatter(&t, patches + (c * g->kernel_size + k) * g->in_size, y + c * g->out_size);
    }
  }
  return status;
}

int mpk_conv_portable(
    const mpk_conv_shape *shape, const float *weight, const float *bias, const float *x,
    float *y) {
  if (!mpk_conv_shape_is_valid(shape)) return -1;
  geometry g = geometry_of(shape);
  int64_t unrolled = shape->transposed ? g.out_channels * g.kernel_size * g.in_size
                                       : g.in_channels * g.kernel_size * g.out_size;
  float *patches = malloc((size_t)unrolled * sizeof(float));
  if (!patches) return -1;
  int status = 0;
  int64_t group_weight = g.in_channels * g.out_channels * g.kernel_size;
  for (int64_t n = 0; n < shape->batch * shape->groups && status == 0; n++) {
    int64_t group = n % shape->groups;
    const float *from = x + n * g.in_channels * g.in_size;
    float *to = y + n * g.out_channels * g.out_size;
    fill_bias(bias, group * g.out_channels, g.out_channels, g.out_size, to);
    status = (shape->transposed ? backward : forward)(
        &g, weight + group * group_weight, from, patches, to);
  }
  free(patches);
  return status;
}

int mpk_conv(
    const mpk_conv_shape *shape, const float *weight, const float *bias, const float *x,
    float *y) {
  mpk_conv_plan *plan = mpk_conv_create(shape, weight, bias);
  if (!plan) return -1;
  int status = mpk_conv_run(plan, x, y);
  mpk_conv_destroy(plan);
  return status;
}
