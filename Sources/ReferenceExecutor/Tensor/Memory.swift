// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A block of four-byte words: the storage of tensors. Freed with its last reference.
///
/// `@unchecked Sendable`: words are written only by the one call that made the block, or that holds
/// the only tensor over it.
final class Memory: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let count: Int
  /// How many running predictions may have to put the block back into a state as it was.
  let protections = Atomic<Int>(0)

  /// Uninitialized words. Throws when the machine cannot hold them.
  init(count: Int) throws {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: 4)
    var raw: UnsafeMutableRawPointer?
    guard count >= 0, !overflow, MemoryLimit.allows(bytes),
      posix_memalign(&raw, 64, max(bytes, 64)) == 0, let raw
    else {
      throw Diagnostic.error(
        .executionFailed, "a tensor of \(count) elements does not fit in memory")
    }
    base = raw
    self.count = count
  }

  deinit {
    free(base)
  }

  var isProtected: Bool { protections.load(ordering: .acquiring) > 0 }
}

/// What one tensor holds of a block. A block whose only handle is unique may be written in place.
final class Handle: Sendable {
  let memory: Memory

  init(_ memory: Memory) {
    self.memory = memory
  }
}

/// Refuses allocations that the machine cannot hold before they are tried.
enum MemoryLimit {
  /// Below this size the allocator decides.
  private static let unchecked = 64 << 20

  static func allows(_ bytes: Int) -> Bool {
    bytes <= unchecked || bytes <= available
  }

  /// Bytes that can be had without swapping, where the system tells; else all there are.
  private static var available: Int {
    #if canImport(Glibc)
      if let bytes = availableOnLinux { return bytes }
      return sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    #else
      return sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE)
    #endif
  }

  #if canImport(Glibc)
    private static var availableOnLinux: Int? {
      guard let file = fopen("/proc/meminfo", "r") else { return nil }
      defer { fclose(file) }
      var line = [CChar](repeating: 0, count: 128)
      while fgets(&line, 128, file) != nil {
        let text = String(
          decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard text.hasPrefix("MemAvailable:") else { continue }
        return Int(text.filter(\.isNumber)).map { $0 * 1024 }
      }
      return nil
    }
  #endif
}
