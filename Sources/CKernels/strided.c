// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

/// Side of a tile: 256 bytes of a line where that keeps the tile in the first-level cache.
#define TILE(type) (sizeof(type) > 2 ? 256 / sizeof(type) : 128)

/// Each tile goes through a buffer, so that lines of memory are read and written whole even where
/// the strides make all of them compete for the same part of the cache.
#define MPK_TRANSPOSE(type)                                                             \
  static void transpose_##type(                                                         \
      const type *restrict x, size_t x_stride, type *restrict y, size_t y_stride,       \
      size_t rows, size_t columns) {                                                    \
    const size_t side = TILE(type);                                                     \
    type tile[TILE(type)][TILE(type)];                                                  \
    for (size_t r0 = 0; r0 < rows; r0 += side) {                                        \
      size_t height = rows - r0 < side ? rows - r0 : side;                              \
      for (size_t c0 = 0; c0 < columns; c0 += side) {                                   \
        size_t width = columns - c0 < side ? columns - c0 : side;                       \
        for (size_t r = 0; r < height; r++) {                                           \
          const type *from = x + (r0 + r) * x_stride + c0;                              \
          for (size_t c = 0; c < width; c++) tile[c][r] = from[c];                      \
        }                                                                               \
        for (size_t c = 0; c < width; c++) {                                            \
          memcpy(y + (c0 + c) * y_stride + r0, tile[c], height * sizeof(type));         \
        }                                                                               \
      }                                                                                 \
    }                                                                                   \
  }
MPK_TRANSPOSE(uint8_t)
MPK_TRANSPOSE(uint16_t)
MPK_TRANSPOSE(uint32_t)
MPK_TRANSPOSE(uint64_t)

void mpk_transpose(
    const void *x, size_t x_stride, void *y, size_t y_stride, size_t rows, size_t columns,
    size_t element_size) {
  switch (element_size) {
    case 1: transpose_uint8_t(x, x_stride, y, y_stride, rows, columns); return;
    case 2: transpose_uint16_t(x, x_stride, y, y_stride, rows, columns); return;
    case 4: transpose_uint32_t(x, x_stride, y, y_stride, rows, columns); return;
    case 8: transpose_uint64_t(x, x_stride, y, y_stride, rows, columns); return;
  }
}

/// One axis of a copy.
typedef struct {
  int64_t count, from, to;
} axis;

#define MPK_COPY_RUN(type)                                                                  \
  static void copy_run_##type(const char *x, char *y, axis run) {                           \
    for (int64_t i = 0; i < run.count; i++) {                                               \
      memcpy(y + i * run.to, x + i * run.from, sizeof(type));                               \
    }                                                                                       \
  }
MPK_COPY_RUN(uint8_t)
MPK_COPY_RUN(uint16_t)
MPK_COPY_RUN(uint32_t)
MPK_COPY_RUN(uint64_t)

static void copy_run(const char *x, char *y, axis run, size_t size) {
  if (run.from == (int64_t)size && run.to == (int64_t)size) {
    memcpy(y, x, (size_t)run.count * size);
    return;
  }
  switch (size) {
    case 1: copy_run_uint8_t(x, y, run); return;
    case 2: copy_run_uint16_t(x, y, run); return;
    case 4: copy_run_uint32_t(x, y, run); return;
    default: copy_run_uint64_t(x, y, run); return;
  }
}

/// Copies the two innermost axes; as a tiled transposition where each side is contiguous along one.
static void copy_plane(const char *x, char *y, axis outer, axis inner, size_t size) {
  int64_t unit = (int64_t)size;
  int crosses = outer.from == unit && inner.to == unit && inner.from > 0 && outer.to > 0 &&
                inner.from % unit == 0 && outer.to % unit == 0;
  // A transposition addresses elements by their type.
  int aligned = ((uintptr_t)x % size == 0) && ((uintptr_t)y % size == 0);
  if (crosses && aligned && outer.count > 1 && inner.count > 1) {
    mpk_transpose(
        x, (size_t)(inner.from / unit), y, (size_t)(outer.to / unit), (size_t)inner.count,
        (size_t)outer.count, size);
    return;
  }
  for (int64_t i = 0; i < outer.count; i++) {
    copy_run(x + i * outer.from, y + i * outer.to, inner, size);
  }
}

/// Drops axes of one element and joins neighbours that both sides walk as one.
static unsigned simplify(axis *axes, unsigned rank) {
  unsigned kept = 0;
  for (unsigned i = 0; i < rank; i++) {
    if (axes[i].count == 1) continue;
    if (kept > 0) {
      axis *last = &axes[kept - 1];
      if (last->from == axes[i].from * axes[i].count && last->to == axes[i].to * axes[i].count) {
        axis joined = {last->count * axes[i].count, axes[i].from, axes[i].to};
        *last = joined;
        continue;
      }
    }
    axes[kept++] = axes[i];
  }
  return kept;
}

/// Moves the axis along which the source is contiguous next to the innermost one, which the order
/// of a copy is free to do.
static void bring_source_axis_inside(axis *axes, unsigned rank, size_t size) {
  for (unsigned i = 0; i + 2 < rank; i++) {
    if (axes[i].from != (int64_t)size) continue;
    axis found = axes[i];
    memmove(axes + i, axes + i + 1, (rank - 2 - i) * sizeof(axis));
    axes[rank - 2] = found;
    return;
  }
}

int mpk_copy_strided(
    const void *x, const int64_t *x_strides, void *y, const int64_t *y_strides,
    const int64_t *shape, unsigned rank, size_t element_size) {
  int known = element_size == 1 || element_size == 2 || element_size == 4 || element_size == 8;
  if (rank > MPK_MAX_RANK || !known) return -1;
  axis axes[MPK_MAX_RANK + 2];
  for (unsigned i = 0; i < rank; i++) {
    if (shape[i] <= 0) return shape[i] == 0 ? 0 : -1;
    axis one = {shape[i], x_strides[i], y_strides[i]};
    axes[i] = one;
  }
  unsigned count = simplify(axes, rank);
  if (count > 2) bring_source_axis_inside(axes, count, element_size);
  axis unit = {1, (int64_t)element_size, (int64_t)element_size};
  while (count < 2) {
    memmove(axes + 1, axes, count * sizeof(axis));
    axes[0] = unit;
    count++;
  }
  int64_t index[MPK_MAX_RANK] = {0};
  const char *from = x;
  char *to = y;
  unsigned outer = count - 2;
  for (;;) {
    copy_plane(from, to, axes[outer], axes[outer + 1], element_size);
    unsigned i = outer;
    while (i > 0) {
      i--;
      from += axes[i].from;
      to += axes[i].to;
      if (++index[i] < axes[i].count) break;
      from -= axes[i].from * axes[i].count;
      to -= axes[i].to * axes[i].count;
      index[i] = 0;
      if (i == 0) return 0;
    }
    if (outer == 0) return 0;
  }
}
