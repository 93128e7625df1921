// SPDX-License-Identifier: Apache-2.0
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#if defined(__linux__)
#include <sched.h>

/// Processors in the mask, which has room for `room` of them; 0 where that is too few.
static int allowed_processors(int room) {
  cpu_set_t *mask = CPU_ALLOC(room);
  if (!mask) return 0;
  size_t size = CPU_ALLOC_SIZE(room);
  int count = sched_getaffinity(0, size, mask) == 0 ? CPU_COUNT_S(size, mask) : 0;
  CPU_FREE(mask);
  return count;
}
#endif

int mpk_processor_count(void) {
#if defined(__linux__)
  for (int room = 1024; room <= 1 << 16; room *= 8) {
    int count = allowed_processors(room);
    if (count > 0) return count;
  }
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 && online < 1 << 16 ? (int)online : 1;
}

void mpk_return_large_blocks(void) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 4 << 20);
#endif
}

int mpk_preallocate(int descriptor, int64_t size) {
  if (size <= 0) return 0;
#if defined(__linux__)
  int status;
  do {
    status = fallocate(descriptor, FALLOC_FL_KEEP_SIZE, 0, size);
  } while (status != 0 && errno == EINTR);
  int known = errno == ENOSPC || errno == EFBIG || errno == EDQUOT || errno == EIO;
  return status == 0 || !known ? 0 : -1;
#elif defined(__APPLE__)
  fstore_t room = {F_ALLOCATEALL, F_PEOFPOSMODE, 0, size, 0};
  return fcntl(descriptor, F_PREALLOCATE, &room) == 0 || errno != ENOSPC ? 0 : -1;
#else
  (void)descriptor;
  return 0;
#endif
}

void mpk_start_writeback(int descriptor, int64_t offset, int64_t count) {
#if defined(__linux__)
  int saved = errno;
  sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
  errno = saved;
#else
  (void)descriptor, (void)offset, (void)count;
#endif
}

void mpk_announce_read(int descriptor, int64_t offset, int64_t count) {
  int saved = errno;
#if defined(__linux__)
  posix_fadvise(descriptor, offset, count, POSIX_FADV_WILLNEED);
#elif defined(__APPLE__)
  struct radvisory advice = {offset, count < 1 << 30 ? (int)count : 1 << 30};
  fcntl(descriptor, F_RDADVISE, &advice);
#else
  (void)descriptor, (void)offset, (void)count;
#endif
  errno = saved;
}
