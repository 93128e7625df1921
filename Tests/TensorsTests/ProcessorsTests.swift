// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

@testable import Tensors

#if canImport(Glibc)
  import Glibc

  @Suite struct ProcessorsTests {
    private typealias Affinity =
      @convention(c) (Int32, Int, UnsafeMutableRawPointer) -> Int32

    /// Swift does not see the call because of its macros.
    private static func affinity(_ name: String) -> Affinity? {
      dlsym(nil, name).map { unsafeBitCast($0, to: Affinity.self) }
    }

    @Test func followTheAffinityMask() async {
      await #expect(processExitsWith: .success) {
        var mask = [UInt64](repeating: 0, count: 16)
        guard let get = Self.affinity("sched_getaffinity"), get(0, 128, &mask) == 0 else { exit(1) }
        let allowed = mask.reduce(0) { $0 + $1.nonzeroBitCount }
        if mpk_processor_count() != allowed { exit(2) }
        let word = mask.firstIndex { $0 != 0 } ?? 0
        var one = [UInt64](repeating: 0, count: 16)
        one[word] = mask[word] & (0 &- mask[word])
        guard let set = Self.affinity("sched_setaffinity"), set(0, 128, &one) == 0 else { exit(3) }
        if mpk_processor_count() != 1 || Processors.count != 1 { exit(4) }
        exit(0)
      }
    }
  }
#endif
