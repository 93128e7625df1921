// SPDX-License-Identifier: Apache-2.0
#include "internal.h"

#include <stdatomic.h>

static atomic_int chosen_level = -1;

int mpk_best_level(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
      !__builtin_cpu_supports("f16c")) {
    return MPK_PORTABLE;
  }
  int wide = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return wide ? MPK_WIDE : MPK_VECTOR;
#elif defined(__aarch64__)
  return MPK_VECTOR;
#else
  return MPK_PORTABLE;
#endif
}

int mpk_level(void) {
  int level = atomic_load_explicit(&chosen_level, memory_order_relaxed);
  if (__builtin_expect(level < 0, 0)) {
    level = mpk_best_level();
    atomic_store_explicit(&chosen_level, level, memory_order_relaxed);
  }
  return level;
}

void mpk_force_level(int level) {
  int best = mpk_best_level();
  int capped = level < 0 || level > best ? best : level;
  atomic_store_explicit(&chosen_level, capped, memory_order_relaxed);
}

void mpk_force_portable(int on) { mpk_force_level(on ? MPK_PORTABLE : -1); }
