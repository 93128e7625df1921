// SPDX-License-Identifier: Apache-2.0
//
// Linux: matrix products and convolutions of oneDNN 2.x.
#ifndef __APPLE__

#include <oneapi/dnnl/dnnl.h>

#include "internal.h"

#include <pthread.h>
#include <stdlib.h>

int mpk_sgemm(
    int trans_a, int trans_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
    int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc) {
  return (int)dnnl_sgemm(
      trans_a ? 'T' : 'N', trans_b ? 'T' : 'N', m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

static pthread_once_t engine_once = PTHREAD_ONCE_INIT;
static dnnl_engine_t engine;

static void create_engine(void) {
  if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
}

/// The library keeps activations and weights in layouts of its choice; a reorder that is NULL means
/// that the plain layout was chosen. A plan without a primitive runs the portable loops.
struct mpk_conv_plan {
  mpk_conv_shape shape;
  dnnl_primitive_t convolution, reorder_in, reorder_out;
  dnnl_memory_desc_t plain_in, plain_out, in, out, scratch;
  dnnl_memory_t weight, bias;
  float *plain_weight, *plain_bias;
};

/// Row-major descriptor of `n` axes.
static int plain(dnnl_memory_desc_t *desc, int n, const dnnl_dims_t dims) {
  dnnl_dims_t strides;
  dnnl_dim_t stride = 1;
  for (int i = n - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= dims[i];
  }
  return dnnl_memory_desc_init_by_strides(desc, n, dims, dnnl_f32, strides) == dnnl_success;
}

static int any_layout(dnnl_memory_desc_t *desc, int n, const dnnl_dims_t dims) {
  return dnnl_memory_desc_init_by_tag(desc, n, dims, dnnl_f32, dnnl_format_tag_any) ==
         dnnl_success;
}

/// Dimensions `[groups, out, in, kernel...]` of a weight and the strides it is stored with.
static int describe_weight(const mpk_conv_shape *s, dnnl_dims_t dims, dnnl_memory_desc_t *stored) {
  dnnl_dims_t strides;
  dnnl_dim_t taps = 1;
  for (int i = s->spatial - 1; i >= 0; i--) {
    dims[3 + i] = s->kernel[i];
    strides[3 + i] = taps;
    taps *= s->kernel[i];
  }
  dims[0] = s->groups;
  dims[1] = s->out_channels / s->groups;
  dims[2] = s->in_channels / s->groups;
  strides[0] = dims[1] * dims[2] * taps;
  strides[1] = s->transposed ? taps : dims[2] * taps;
  strides[2] = s->transposed ? dims[1] * taps : taps;
  int rank = 3 + s->spatial, skipped = s->groups == 1;
  if (skipped) memmove(dims, dims + 1, (size_t)(rank - 1) * sizeof dims[0]);
  return dnnl_memory_desc_init_by_strides(
             stored, rank - skipped, dims, dnnl_f32, strides + skipped) == dnnl_success;
}

static int describe_operation(
    const mpk_conv_shape *s, const dnnl_memory_desc_t *in, const dnnl_memory_desc_t *weight,
    const dnnl_memory_desc_t *bias, const dnnl_memory_desc_t *out, dnnl_primitive_desc_t *result) {
  dnnl_dims_t strides = {0}, dilations = {0}, before = {0}, after = {0};
  for (int i = 0; i < s->spatial; i++) {
    int64_t extent = s->dilation[i] * (s->kernel[i] - 1) + 1;
    strides[i] = s->stride[i];
    dilations[i] = s->dilation[i] - 1;
    before[i] = s->pad_before[i];
    int64_t coarse = s->transposed ? s->input[i] : s->output[i];
    int64_t fine = s->transposed ? s->output[i] : s->input[i];
    after[i] = (coarse - 1) * s->stride[i] + extent - fine - before[i];
  }
  dnnl_primitive_attr_t attributes;
  if (dnnl_primitive_attr_create(&attributes) != dnnl_success) return 0;
  dnnl_primitive_attr_set_scratchpad_mode(attributes, dnnl_scratchpad_mode_user);
  dnnl_status_t status;
  if (s->transposed) {
    dnnl_deconvolution_desc_t desc;
    status = dnnl_dilated_deconvolution_forward_desc_init(
        &desc, dnnl_forward_inference, dnnl_deconvolution_direct, in, weight, bias, out, strides,
        dilations, before, after);
    if (status == dnnl_success) {
      status = dnnl_primitive_desc_create(result, &desc, attributes, engine, NULL);
    }
  } else {
    dnnl_convolution_desc_t desc;
    status = dnnl_dilated_convolution_forward_desc_init(
        &desc, dnnl_forward_inference, dnnl_convolution_auto, in, weight, bias, out, strides,
        dilations, before, after);
    if (status == dnnl_success) {
      status = dnnl_primitive_desc_create(result, &desc, attributes, engine, NULL);
    }
  }
  dnnl_primitive_attr_destroy(attributes);
  return status == dnnl_success;
}

/// Creates a reorder between two layouts, none if they are the same.
static int create_reorder(
    const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to, dnnl_primitive_t *result) {
  if (dnnl_memory_desc_equal(from, to)) return 1;
  dnnl_primitive_desc_t desc;
  if (dnnl_reorder_primitive_desc_create(&desc, from, engine, to, engine, NULL) != dnnl_success) {
    return 0;
  }
  dnnl_status_t status = dnnl_primitive_create(result, desc);
  dnnl_primitive_desc_destroy(desc);
  return status == dnnl_success;
}

static int execute(dnnl_primitive_t primitive, int count, const dnnl_exec_arg_t *arguments) {
  dnnl_stream_t stream;
  dnnl_status_t status = dnnl_stream_create(&stream, engine, dnnl_stream_default_flags);
  if (status != dnnl_success) return (int)status;
  status = dnnl_primitive_execute(primitive, stream, count, arguments);
  if (status == dnnl_success) status = dnnl_stream_wait(stream);
  dnnl_stream_destroy(stream);
  return (int)status;
}

static int reorder(dnnl_primitive_t primitive, dnnl_memory_t from, dnnl_memory_t to) {
  dnnl_exec_arg_t arguments[2] = {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}};
  return execute(primitive, 2, arguments);
}

/// A memory of the library's own that holds `values`, converted from layout `from` to `to`.
static int load(
    const float *values, const dnnl_memory_desc_t *from, const dnnl_memory_desc_t *to,
    dnnl_memory_t *result) {
  dnnl_memory_t source = NULL;
  dnnl_primitive_t primitive = NULL;
  dnnl_primitive_desc_t desc = NULL;
  int done = dnnl_memory_create(result, to, engine, DNNL_MEMORY_ALLOCATE) == dnnl_success &&
             dnnl_memory_create(&source, from, engine, (void *)(uintptr_t)values) ==
                 dnnl_success &&
             dnnl_reorder_primitive_desc_create(&desc, from, engine, to, engine, NULL) ==
                 dnnl_success &&
             dnnl_primitive_create(&primitive, desc) == dnnl_success &&
             reorder(primitive, source, *result) == 0;
  if (primitive) dnnl_primitive_destroy(primitive);
  if (desc) dnnl_primitive_desc_destroy(desc);
  if (source) dnnl_memory_destroy(source);
  return done;
}

static const dnnl_memory_desc_t *layout(const_dnnl_primitive_desc_t desc, dnnl_query_t what) {
  return dnnl_primitive_desc_query_md(desc, what, 0);
}

static int prepare(mpk_conv_plan *plan, const float *weight, const float *bias) {
  const mpk_conv_shape *s = &plan->shape;
  dnnl_dims_t in = {s->batch, s->in_channels}, out = {s->batch, s->out_channels}, w = {0};
  for (int i = 0; i < s->spatial; i++) {
    in[2 + i] = s->input[i];
    out[2 + i] = s->output[i];
  }
  int rank = 2 + s->spatial;
  dnnl_memory_desc_t any_in, any_out, any_weight, stored, bias_desc;
  dnnl_dims_t channels = {s->out_channels};
  int described = plain(&plan->plain_in, rank, in) && plain(&plan->plain_out, rank, out) &&
                  any_layout(&any_in, rank, in) && any_layout(&any_out, rank, out) &&
                  describe_weight(s, w, &stored) && any_layout(&any_weight, stored.ndims, w) &&
                  plain(&bias_desc, 1, channels);
  dnnl_primitive_desc_t desc = NULL;
  if (!described || !describe_operation(
                        s, &any_in, &any_weight, bias ? &bias_desc : NULL, &any_out, &desc)) {
    return 0;
  }
  plan->in = *layout(desc, dnnl_query_src_md);
  plan->out = *layout(desc, dnnl_query_dst_md);
  plan->scratch = *layout(desc, dnnl_query_scratchpad_md);
  int done = load(weight, &stored, layout(desc, dnnl_query_weights_md), &plan->weight) &&
             (!bias || load(bias, &bias_desc, &bias_desc, &plan->bias)) &&
             create_reorder(&plan->plain_in, &plan->in, &plan->reorder_in) &&
             create_reorder(&plan->out, &plan->plain_out, &plan->reorder_out) &&
             dnnl_primitive_create(&plan->convolution, desc) == dnnl_success;
  dnnl_primitive_desc_destroy(desc);
  return done;
}

static void release(mpk_conv_plan *plan) {
  if (plan->convolution) dnnl_primitive_destroy(plan->convolution);
  if (plan->reorder_in) dnnl_primitive_destroy(plan->reorder_in);
  if (plan->reorder_out) dnnl_primitive_destroy(plan->reorder_out);
  if (plan->weight) dnnl_memory_destroy(plan->weight);
  if (plan->bias) dnnl_memory_destroy(plan->bias);
  plan->convolution = plan->reorder_in = plan->reorder_out = NULL;
  plan->weight = plan->bias = NULL;
}

static float *copy_of(const float *values, int64_t count) {
  float *copy = malloc((size_t)count * sizeof(float));
  if (copy) memcpy(copy, values, (size_t)count * sizeof(float));
  return copy;
}

static int keep_plain(mpk_conv_plan *plan, const float *weight, const float *bias) {
  const mpk_conv_shape *s = &plan->shape;
  int64_t count = s->in_channels / s->groups * s->out_channels;
  for (int i = 0; i < s->spatial; i++) count *= s->kernel[i];
  plan->plain_weight = copy_of(weight, count);
  plan->plain_bias = bias ? copy_of(bias, s->out_channels) : NULL;
  return plan->plain_weight && (!bias || plan->plain_bias);
}

mpk_conv_plan *mpk_conv_create(
    const mpk_conv_shape *shape, const float *weight, const float *bias) {
  pthread_once(&engine_once, create_engine);
  if (!mpk_conv_shape_is_valid(shape)) return NULL;
  mpk_conv_plan *plan = calloc(1, sizeof *plan);
  if (!plan) return NULL;
  plan->shape = *shape;
  if (engine && prepare(plan, weight, bias)) return plan;
  release(plan);
  if (keep_plain(plan, weight, bias)) return plan;
  mpk_conv_destroy(plan);
  return NULL;
}

void mpk_conv_destroy(mpk_conv_plan *plan) {
  if (!plan) return;
  release(plan);
  free(plan->plain_weight);
  free(plan->plain_bias);
  free(plan);
}

/// The memories of one run.
typedef struct {
  dnnl_memory_t plain_in, plain_out, in, out, scratch;
} memories;

/// A memory over `values`, or of its own where that is NULL.
static int map(const dnnl_memory_desc_t *desc, const void *values, dnnl_memory_t *result) {
  void *handle = values ? (void *)(uintptr_t)values : DNNL_MEMORY_ALLOCATE;
  return dnnl_memory_create(result, desc, engine, handle) == dnnl_success;
}

static int run(const mpk_conv_plan *plan, const memories *m) {
  if (plan->reorder_in) {
    int status = reorder(plan->reorder_in, m->plain_in, m->in);
    if (status) return status;
  }
  dnnl_exec_arg_t arguments[5] = {
      {DNNL_ARG_SRC, plan->reorder_in ? m->in : m->plain_in},
      {DNNL_ARG_WEIGHTS, plan->weight},
      {DNNL_ARG_DST, plan->reorder_out ? m->out : m->plain_out},
      {DNNL_ARG_SCRATCHPAD, m->scratch},
      {DNNL_ARG_BIAS, plan->bias}};
  int status = execute(plan->convolution, plan->bias ? 5 : 4, arguments);
  if (status || !plan->reorder_out) return status;
  return reorder(plan->reorder_out, m->out, m->plain_out);
}

int mpk_conv_run(const mpk_conv_plan *plan, const float *x, float *y) {
  if (!plan->convolution) {
    return mpk_conv_portable(&plan->shape, plan->plain_weight, plan->plain_bias, x, y);
  }
  memories m = {0};
  int ready = map(&plan->plain_in, x, &m.plain_in) && map(&plan->plain_out, y, &m.plain_out) &&
              map(&plan->scratch, NULL, &m.scratch) &&
              (!plan->reorder_in || map(&plan->in, NULL, &m.in)) &&
              (!plan->reorder_out || map(&plan->out, NULL, &m.out));
  int status = ready ? run(plan, &m) : (int)dnnl_out_of_memory;
  dnnl_memory_t all[5] = {m.plain_in, m.plain_out, m.in, m.out, m.scratch};
  for (int i = 0; i < 5; i++) {
    if (all[i]) dnnl_memory_destroy(all[i]);
  }
  return status;
}

#endif
