// SPDX-License-Identifier: Apache-2.0
//
// Leaf loops of modelpack: plain functions over pointers and counts. Nothing here allocates except
// where a comment says so, nothing keeps a pointer, and every function may be called from several
// threads at once. float16 values travel as their bits (uint16_t).
//
// Vector instructions are chosen at run time. Except for the dense kernels (matrix products and
// convolutions) every version of a function gives the same bits as the portable one.
#ifndef MPK_CKERNELS_H
#define MPK_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// MARK: - Dispatch

/// The instruction sets that the functions below may use.
enum { MPK_PORTABLE = 0, MPK_VECTOR = 1, MPK_WIDE = 2 };

/// The best level of this machine: AVX2 or NEON is MPK_VECTOR, AVX-512 is MPK_WIDE.
int mpk_best_level(void);
/// Caps the level from now on, for tests; a negative value restores the best one.
void mpk_force_level(int level);
/// `mpk_force_level(MPK_PORTABLE)` if `on`, the best level otherwise.
void mpk_force_portable(int on);

// MARK: - Element conversion

void mpk_f16_to_f32(const uint16_t *x, float *y, size_t n);
/// Rounds to nearest, ties to even; a NaN keeps the upper bits of its payload and becomes quiet.
void mpk_f32_to_f16(const float *x, uint16_t *y, size_t n);
/// As `mpk_f32_to_f16`; adds to `overflowed` the finite values that became infinite and to
/// `vanished` those that were not zero and became zero.
void mpk_f32_to_f16_counted(
    const float *x, uint16_t *y, size_t n, uint64_t *overflowed, uint64_t *vanished);
/// Rounds every value to the nearest float16, in place.
void mpk_round_to_f16(float *x, size_t n);
void mpk_bf16_to_f32(const uint16_t *x, float *y, size_t n);
void mpk_f64_to_f32(const double *x, float *y, size_t n);
void mpk_u8_to_f32(const uint8_t *x, float *y, size_t n);
void mpk_i8_to_f32(const int8_t *x, float *y, size_t n);
void mpk_u16_to_f32(const uint16_t *x, float *y, size_t n);
void mpk_i16_to_f32(const int16_t *x, float *y, size_t n);
void mpk_i32_to_f32(const int32_t *x, float *y, size_t n);
/// Values outside int32 become the nearest int32; returns how many there were.
uint64_t mpk_i64_to_i32(const int64_t *x, int32_t *y, size_t n);

// MARK: - Reductions

/// Smallest and largest value, NaNs left out; +inf and -inf if there is none. Returns 1 if a NaN
/// was met.
int mpk_min_max(const float *x, size_t n, float *low, float *high);
/// Largest magnitude, NaNs left out, 0 if there is none. Returns 1 if a NaN was met.
int mpk_abs_max(const float *x, size_t n, float *result);
/// Sum in double precision, in an order that does not depend on the machine.
double mpk_sum(const float *x, size_t n);

// MARK: - Bit packing (element i is at bits [i*bits, i*bits + bits), low bits of byte 0 first)

/// Bytes that `n` elements take.
size_t mpk_packed_size(size_t n, unsigned bits);
/// Packs the low `bits` (1, 2, 3, 4, 6 or 8) of each byte; the unused bits of the last byte are 0.
void mpk_pack_bits(const uint8_t *x, size_t n, unsigned bits, uint8_t *y);
void mpk_unpack_bits(const uint8_t *x, size_t n, unsigned bits, uint8_t *y);
/// As `mpk_unpack_bits`, the elements being in two's complement.
void mpk_unpack_signed_bits(const uint8_t *x, size_t n, unsigned bits, int8_t *y);

// MARK: - Linear quantization (docs/formats/quantization.md)

/// What the functions below quantize to.
typedef struct {
  /// 4 or 8; a code takes one byte here, packing is a step of its own.
  uint8_t bits;
  uint8_t is_signed;
  uint8_t is_symmetric;
  /// The weights are float16: each arithmetic step is rounded to float16.
  uint8_t is_half;
  /// A symmetric scheme uses every code, one more on one side of zero.
  uint8_t is_full;
} mpk_quantization;

/// Smallest and largest code of a scheme.
void mpk_code_range(mpk_quantization scheme, int *low, int *high);

/// Widens `low[column]` and `high[column]`, which the caller starts at +inf and -inf, to the values
/// of `x[rows][columns][inner]` (contiguous but for `row_stride`, in elements). `x` holds float16
/// if `half`, float32 otherwise. Returns 1 if any value is infinite or NaN.
int mpk_block_range(
    const void *x, int half, size_t rows, size_t columns, size_t inner, size_t row_stride,
    float *low, float *high);
/// Scale and zero point of `n` blocks from the ranges of their values.
void mpk_block_parameters(
    const float *low, const float *high, size_t n, mpk_quantization scheme, float *scale,
    float *zero);
/// Codes of `x` (as in `mpk_block_range`), one scale and zero point per column. `codes` has the
/// layout of `x` with a row stride of its own.
void mpk_encode(
    const void *x, int half, size_t rows, size_t columns, size_t inner, size_t row_stride,
    const float *scale, const float *zero, mpk_quantization scheme, uint8_t *codes,
    size_t code_row_stride);

/// Scales and zero points of least squared error. `x` holds contiguous blocks of `inner` elements,
/// whose ranges are `low` and `high`; `scale` and `zero` are what `mpk_block_parameters` made of
/// those, and become what is better, never what is worse. `importance`, laid out like `x` and with
/// values of 0 to 1, weighs the square of each element's error; it may be NULL.
void mpk_search_blocks(
    const void *x, int half, size_t blocks, size_t inner, const float *importance,
    mpk_quantization scheme, const float *low, const float *high, float *scale, float *zero);

enum { MPK_TRIALS = 8 };
enum { MPK_DONE = 0, MPK_TRYING = 1, MPK_COMPARING = 2 };
/// The search for one block whose elements come in pieces, all of them in every round.
typedef struct {
  /// MPK_DONE when nothing is to be absorbed any more.
  int32_t phase;
  int32_t is_small, round, shifts;
  /// The scale that reaches the largest elements, and the trials as multiples of it.
  float base;
  float zero, origin, ratio;
  float factor[MPK_TRIALS];
  float plain_scale, plain_zero;
  /// The result.
  float best_scale, best_zero;
  float best_factor, best_gain, plain_gain;
  double dot[MPK_TRIALS], norm[MPK_TRIALS];
} mpk_search;
/// Starts the searches of `n` blocks of `elements` elements; the rest as in `mpk_search_blocks`.
void mpk_search_begin(
    const float *low, const float *high, size_t n, size_t elements, mpk_quantization scheme,
    const float *scale, const float *zero, mpk_search *searches);
/// Adds a piece `x[rows][columns][inner]`, one search per column.
void mpk_search_absorb(
    const void *x, int half, size_t rows, size_t columns, size_t inner, size_t row_stride,
    const float *importance, mpk_quantization scheme, mpk_search *searches);
/// Ends a round, after every element was absorbed. Returns 1 if there is another one.
int mpk_search_advance(mpk_search *searches, size_t n, mpk_quantization scheme);

/// `(code - zero) * scale` in float32, rounded to float16 if `scheme.is_half`.
void mpk_decode(
    const uint8_t *codes, size_t rows, size_t columns, size_t inner, size_t code_row_stride,
    const float *scale, const float *zero, mpk_quantization scheme, float *y, size_t row_stride);
/// As `mpk_decode`, giving float16.
void mpk_decode_f16(
    const uint8_t *codes, size_t rows, size_t columns, size_t inner, size_t code_row_stride,
    const float *scale, const float *zero, mpk_quantization scheme, uint16_t *y,
    size_t row_stride);

/// What a lossy encoding did to values: sums over all of them.
typedef struct {
  double signal;
  double noise;
  double largest;
} mpk_error;
/// Adds the squares of `x`, the squares of `x - y` and raises `largest` to the largest `|x - y|`.
void mpk_accumulate_error(const float *x, const float *y, size_t n, mpk_error *error);
/// The same for the elements `x` and what their codes decode to; arguments as of `mpk_encode`.
void mpk_encoding_error(
    const void *x, int half, size_t rows, size_t columns, size_t inner, size_t row_stride,
    const float *scale, const float *zero, mpk_quantization scheme, const uint8_t *codes,
    size_t code_row_stride, mpk_error *error);
/// How many bytes equal `a` or `b`.
uint64_t mpk_count_bytes(const uint8_t *x, size_t n, uint8_t a, uint8_t b);

// MARK: - Decoding of stored weights

/// `(x - offset) * scale` in float32, a scale (and offset, unless NULL) for every `inner` elements;
/// `x[0]` is element `phase` of the first block. The difference is rounded to float16 if `rounds`.
void mpk_shift_scale(
    const float *x, size_t n, size_t phase, size_t inner, const float *scale,
    const float *offset, int rounds, float *y);
/// `y[i * y_stride] = table[indices[i] * table_stride]`, elements of 1, 2 or 4 bytes. Returns -1,
/// with nothing written, if an index is not below `entries`.
int mpk_lookup(
    const uint8_t *indices, size_t n, const void *table, size_t entries, size_t table_stride,
    size_t element_size, void *y, size_t y_stride);
/// Elements of 1, 2, 4 or 8 bytes: the next value where a byte of `mask` is not 0, zero elsewhere.
/// Returns how many values were taken.
size_t mpk_spread(
    const uint8_t *mask, size_t n, const void *values, size_t element_size, void *y);
/// The elements where a byte of `mask` is not 0, one after the other. Returns how many.
size_t mpk_collect(
    const uint8_t *mask, size_t n, const void *x, size_t element_size, void *y);
/// Zeroes the elements where a byte of `mask` is 0.
void mpk_keep(const uint8_t *mask, size_t n, size_t element_size, void *y);
/// Adds to `counts` how many values lie in each of `bins` equal parts of `low...high`; others are
/// left out.
void mpk_histogram(
    const float *x, size_t n, float low, float high, uint64_t *counts, size_t bins);

// MARK: - Palettes (docs/formats/palettization.md)

/// Counts float16 values by their bits in `counts[65536]`.
void mpk_count_f16(const uint16_t *x, size_t n, uint32_t *counts);
/// Adds `scale[i * step]` squared for every float16 value to `sums[65536]`, by its bits.
void mpk_weigh_f16(const uint16_t *x, size_t n, const float *scale, size_t step, double *sums);
/// The distinct values that were counted, ascending, and how often; both zeros are one. Clears the
/// counts. `value` and `weight` have 65,536 elements. Returns how many there are, at most 63,487;
/// SIZE_MAX if an infinity or a NaN was counted.
size_t mpk_drain_counts_f16(uint32_t *counts, double *value, double *weight);
/// The same for sums.
size_t mpk_drain_sums_f16(double *sums, double *value, double *weight);

/// What `mpk_drain_entries_f32` takes, for float32 values of weight `scale[i * step]` squared, or 1
/// if `scale` is NULL. Returns 1 if any value is infinite or NaN.
int mpk_entries_f32(
    const float *x, size_t n, const float *scale, size_t step, uint64_t *entries);
/// The distinct values among `n` entries, ascending, and their weights; returns how many there are.
/// Destroys `entries`; `scratch` is as large.
size_t mpk_drain_entries_f32(
    uint64_t *entries, uint64_t *scratch, size_t n, double *value, double *weight);

enum { MPK_BUCKET_BITS = 20 };
/// Collects float32 values that agree in sign, exponent and 11 more bits. `weights` and `moments`
/// have 2^MPK_BUCKET_BITS elements. Returns 1 if any value is infinite or NaN.
int mpk_bucket_f32(
    const float *x, size_t n, const float *scale, size_t step, double *weights, double *moments);
/// The means of what was collected, ascending, and their weights; returns how many there are.
/// Clears the buckets.
size_t mpk_drain_buckets_f32(double *weights, double *moments, double *value, double *weight);

/// The precision of the means of clusters.
enum { MPK_CENTER_F16 = 1, MPK_CENTER_F32 = 2 };
/// Bytes of scratch memory that `mpk_cluster` needs for `n` values.
size_t mpk_cluster_scratch(size_t n);
/// Divides `n` ascending distinct values, 0 < n < 2^32, into min(k, n) runs such that the sum of
/// weight * (value - center)^2 is least, the center of a run being its mean rounded to `precision`.
/// `ends[j]` is where run j ends. Values are finite and of that precision; weights positive.
void mpk_cluster(
    const double *value, const double *weight, size_t n, size_t k, int precision, void *scratch,
    uint32_t *ends);

/// How many of the ascending `cuts` each value lies above. `count` is one less than a power of two,
/// at most 255. Returns 1 if any value is infinite or NaN.
int mpk_nearest(
    const void *x, int half, size_t n, const float *cuts, size_t count, uint8_t *codes);
/// The entry of `table[count][size]` nearest to each of `n` vectors, whose coordinates `d` are at
/// `x + d * stride`; the first of equals. `size` is at most 4. Writes squared distances too unless
/// `distances` is NULL. Returns 1 if any value is infinite or NaN.
int mpk_nearest_vectors(
    const float *x, size_t stride, size_t size, size_t n, const float *table, size_t count,
    uint8_t *codes, float *distances);

/// Divides `x[i]` by `scale[i * step]`, in place, rounded to float16 if `half`.
void mpk_divide(void *x, int half, size_t n, const float *scale, size_t step);

// MARK: - Sparse weights (docs/formats/sparse.md; a mask has element i in bit i % 8 of byte i / 8)

/// A mask of the `n` elements of `x` (float16 if `half`, else float32) whose magnitude, as the bits
/// of the absolute value, is above `limit`; NaNs are above infinity. Unused bits are 0.
void mpk_keep_above(const void *x, int half, size_t n, uint32_t limit, uint8_t *mask);
uint64_t mpk_count_bits(const uint8_t *mask, size_t bytes);
/// Moves the elements (of 1, 2 or 4 bytes) that the mask keeps to the front of `y`, which has room
/// for `n`. Returns how many they are.
size_t mpk_compact(const void *x, size_t element_size, const uint8_t *mask, size_t n, void *y);
/// Makes the elements zero where the mask has 0.
void mpk_clear_unkept(void *x, size_t element_size, const uint8_t *mask, size_t n);

/// Adds `weight` to a bin for every element. float16: 32768 bins, by magnitude. float32: 32768
/// bins by the upper 15 bits of the magnitude if `upper` is negative, else 65536 bins by the lower
/// 16 bits of those whose upper bits are `upper`.
void mpk_count_magnitudes(
    const void *x, int half, size_t n, int64_t upper, uint64_t weight, uint64_t *bins);
/// The Euclidean norms over the channels of `x[units][channels][inner]`, in the dtype of `x`, every
/// step rounded to it.
void mpk_block_norms(
    const void *x, int half, size_t units, size_t channels, size_t inner, void *norms);
/// The Euclidean norms of the rows of `x[units][channels]`, as if followed by zeros up to `group`:
/// squares are rounded to the dtype of `x`, added pairwise in float32, and the sum and root rounded.
void mpk_run_norms(
    const void *x, int half, size_t units, size_t channels, size_t group, void *norms);
/// A byte of 0 or 1 per element of `x`: 1 if it is not zero and the norm of its block is above
/// `limit`.
void mpk_keep_blocks(
    const void *x, const void *norms, int half, size_t units, size_t channels, size_t inner,
    uint32_t limit, uint8_t *flags);
/// A byte of 0 or 1 per element of `x[units][channels][inner]`: 0 for the `zeros` smallest over the
/// channels, which count as followed by zeros up to `group`, and for zeros. Of equal magnitudes the
/// first go first. `keys` has room for `group` words.
void mpk_keep_pattern(
    const void *x, int half, size_t units, size_t channels, size_t inner, size_t group,
    size_t zeros, uint64_t *keys, uint8_t *flags);

// MARK: - Strided copies (elements of 1, 2, 4 or 8 bytes)

/// `y[c][r] = x[r][c]`; strides between rows of `x` and of `y`, in elements.
void mpk_transpose(
    const void *x, size_t x_stride, void *y, size_t y_stride, size_t rows, size_t columns,
    size_t element_size);
enum { MPK_MAX_RANK = 16 };
/// Copies an array of `shape` between two layouts given by signed strides in bytes. Returns 0, or
/// -1 if the rank or the element size is outside what is allowed.
int mpk_copy_strided(
    const void *x, const int64_t *x_strides, void *y, const int64_t *y_strides,
    const int64_t *shape, unsigned rank, size_t element_size);

// MARK: - Content hash

/// State of a 128-bit hash of a byte stream; not for use against adversaries.
typedef struct {
  uint64_t lanes[8];
  uint64_t length;
  uint8_t pending[64];
} mpk_hash;

void mpk_hash_init(mpk_hash *hash);
/// The result does not depend on how the stream is cut into calls, nor on the machine.
void mpk_hash_update(mpk_hash *hash, const void *bytes, size_t n);
void mpk_hash_final(const mpk_hash *hash, uint64_t result[2]);

// MARK: - System calls that Swift does not see

/// Processors that this thread may run on, which can be fewer than there are; at least 1.
int mpk_processor_count(void);
/// Has large blocks of memory given back to the system as soon as they are freed. By itself glibc
/// moves them to its heaps after a while, whose holes then take several times what is in use.
void mpk_return_large_blocks(void);
/// Sets space aside for the first `size` bytes of a file without making it longer. Returns -1 with
/// `errno` where there is not enough, 0 also where the file system cannot tell.
int mpk_preallocate(int descriptor, int64_t size);
/// Starts to bring a range of a file to the disk and does not wait for it.
void mpk_start_writeback(int descriptor, int64_t offset, int64_t count);
/// Says that a range of a file is about to be read.
void mpk_announce_read(int descriptor, int64_t offset, int64_t count);

// MARK: - Rows

/// Softmax over each of `rows` contiguous rows, in place allowed. Rows of NaN or of -inf give NaN.
void mpk_softmax_rows(const float *x, float *y, size_t rows, size_t columns);

// MARK: - Dense kernels (oneDNN on Linux, Accelerate on Apple)

/// `C = alpha * op(A) * op(B) + beta * C`, row-major; op transposes if the flag is set, and `lda`,
/// `ldb`, `ldc` are row strides of the arrays as stored. `beta == 0` does not read C. Returns 0 or
/// the status of the library.
int mpk_sgemm(
    int trans_a, int trans_b, int64_t m, int64_t n, int64_t k, float alpha, const float *a,
    int64_t lda, const float *b, int64_t ldb, float beta, float *c, int64_t ldc);

/// A convolution over 1 to 3 spatial axes. Input `[batch, in_channels, input...]`, output
/// `[batch, out_channels, output...]`. The weight is `[out_channels, in_channels / groups,
/// kernel...]`, that of a transposed convolution `[in_channels, out_channels / groups, kernel...]`.
/// Padding at the end of an axis follows from the output size.
typedef struct {
  int32_t spatial;
  int32_t transposed;
  int64_t batch, groups, in_channels, out_channels;
  int64_t input[3], output[3], kernel[3], stride[3], dilation[3], pad_before[3];
} mpk_conv_shape;

/// A convolution prepared for one shape and one weight.
typedef struct mpk_conv_plan mpk_conv_plan;
/// Allocates a plan that owns a prepared copy of the weight (and of `bias`, which may be NULL).
/// Returns NULL if the shape contradicts itself or the library refuses it.
mpk_conv_plan *mpk_conv_create(
    const mpk_conv_shape *shape, const float *weight, const float *bias);
/// Runs a plan; may be called from several threads on one plan. Allocates scratch memory.
/// Returns 0 or the status of the library.
int mpk_conv_run(const mpk_conv_plan *plan, const float *x, float *y);
void mpk_conv_destroy(mpk_conv_plan *plan);
/// Creates, runs and destroys a plan. Returns 0, or -1 if no plan can be made.
int mpk_conv(
    const mpk_conv_shape *shape, const float *weight, const float *bias, const float *x, float *y);
/// The same with loops of our own, for platforms without a convolution library and for tests.
int mpk_conv_portable(
    const mpk_conv_shape *shape, const float *weight, const float *bias, const float *x, float *y);
/// 1 if the sizes of a shape agree with each other and stay far from overflow.
int mpk_conv_shape_is_valid(const mpk_conv_shape *shape);

#ifdef __cplusplus
}
#endif

#endif
