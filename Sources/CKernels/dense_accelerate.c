// SPDX-License-Identifier: Apache-2.0
//
// Apple platforms: matrix products of Accelerate, convolutions through them.
#ifdef __APPLE__

#define ACCELERATE_NEW_LAPACK
#include <Accelerate/Accelerate.h>

#include "internal.h"

#include <stdlib.h>

int mpk_sgemm(
    int trans_a, int trans_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
    int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
  int64_t sizes[6] = {m, n, k, lda, ldb, ldc};
  for (int i = 0; i < 6; i++) {
    if (sizes[i] < 0 || sizes[i] > INT32_MAX) return -1;
  }
  if (m == 0 || n == 0) return 0;
  cblas_sgemm(
      CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans, trans_b ? CblasTrans : CblasNoTrans,
      (int)m, (int)n, (int)k, alpha, a, (int)lda, b, (int)ldb, beta, c, (int)ldc);
  return 0;
}

struct mpk_conv_plan {
  mpk_conv_shape shape;
  float *weight, *bias;
};

static float *copy_of(const float *values, int64_t count) {
  float *copy = malloc((size_t)count * sizeof(float));
  if (copy) memcpy(copy, values, (size_t)count * sizeof(float));
  return copy;
}

mpk_conv_plan *mpk_conv_create(
    const mpk_conv_shape *shape, const float *weight, const float *bias) {
  if (!mpk_conv_shape_is_valid(shape)) return NULL;
  mpk_conv_plan *plan = calloc(1, sizeof *plan);
  if (!plan) return NULL;
  int64_t count = shape->in_channels / shape->groups * shape->out_channels;
  for (int i = 0; i < shape->spatial; i++) count *= shape->kernel[i];
  plan->shape = *shape;
  plan->weight = copy_of(weight, count);
  plan->bias = bias ? copy_of(bias, shape->out_channels) : NULL;
  if (!plan->weight || (bias && !plan->bias)) {
    mpk_conv_destroy(plan);
    return NULL;
  }
  return plan;
}

int mpk_conv_run(const mpk_conv_plan *plan, const float *x, float *y) {
  return mpk_conv_portable(&plan->shape, plan->weight, plan->bias, x, y);
}

void mpk_conv_destroy(mpk_conv_plan *plan) {
  if (!plan) return;
  free(plan->weight);
  free(plan->bias);
  free(plan);
}

#endif
