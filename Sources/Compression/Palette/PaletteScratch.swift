// SPDX-License-Identifier: Apache-2.0
import CKernels
import Synchronization

/// Memory that grows to what is asked for and is freed with its owner.
final class ScratchBuffer<Element: BitwiseCopyable> {
  private(set) var start: UnsafeMutablePointer<Element>
  private var capacity: Int

  /// `count` elements whose bits are all 0.
  init(zeros count: Int) {
    (start, capacity) = (Self.memory(count), count)
    UnsafeMutableRawPointer(start).initializeMemory(
      as: UInt8.self, repeating: 0, count: count * MemoryLayout<Element>.stride)
  }

  init() { (start, capacity) = (Self.memory(1), 1) }

  deinit { UnsafeMutableRawPointer(start).deallocate() }

  private static func memory(_ count: Int) -> UnsafeMutablePointer<Element> {
    UnsafeMutableRawPointer.allocate(
      byteCount: max(1, count) * MemoryLayout<Element>.stride, alignment: 64
    ).bindMemory(to: Element.self, capacity: count)
  }

  /// Room for `count` elements; what was there is lost if it has to grow.
  func room(_ count: Int) -> UnsafeMutablePointer<Element> {
    if count > capacity {
      UnsafeMutableRawPointer(start).deallocate()
      // In large steps, so that no holes are left behind that are a little too small.
      let larger = max(count, 2 * capacity)
      (start, capacity) = (Self.memory(larger), larger)
    }
    return start
  }
}

/// Memory for finding tables, kept for the next group: it is large, and the tables are many.
final class PaletteScratch {
  /// By the bits of float16 values; zero whenever nobody uses them.
  lazy var counts = ScratchBuffer<UInt32>(zeros: 1 << 16)
  lazy var sums = ScratchBuffer<Double>(zeros: 1 << 16)
  /// By the upper bits of float32 values; zero whenever nobody uses them.
  lazy var bucketWeights = ScratchBuffer<Double>(zeros: 1 << MPK_BUCKET_BITS)
  lazy var bucketMoments = ScratchBuffer<Double>(zeros: 1 << MPK_BUCKET_BITS)
  let values = ScratchBuffer<Double>()
  let weights = ScratchBuffer<Double>()
  let cluster = ScratchBuffer<UInt64>()

  private static let pool = Mutex<[Kept]>([])
  /// How many are kept.
  private static let limit = 64

  private struct Kept: @unchecked Sendable {
    let scratch: PaletteScratch
  }

  static func taken() -> PaletteScratch {
    pool.withLock { $0.popLast() }?.scratch ?? PaletteScratch()
  }

  func giveBack() {
    let kept = Kept(scratch: self)
    Self.pool.withLock { pool in
      if pool.count < Self.limit { pool.append(kept) }
    }
  }
}
