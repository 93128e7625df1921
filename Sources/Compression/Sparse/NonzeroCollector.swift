// SPDX-License-Identifier: Apache-2.0
import CKernels

/// Shows another collector only what is not zero: the elements that a sparse weight stores.
final class NonzeroCollector: PaletteCollector {
  private let collector: any PaletteCollector
  private let isHalf: Bool
  private var isEmpty = true

  /// C1: the collector needs neither scales nor whole vectors.
  init(_ collector: any PaletteCollector, isHalf: Bool) {
    self.collector = collector
    self.isHalf = isHalf
  }

  func add(_ run: UnsafeRawPointer, count: Int, scales: PeriodicScales?) throws {
    let half: Int32 = isHalf ? 1 : 0
    let size = isHalf ? 2 : 4
    try withUnsafeTemporaryAllocation(byteCount: count * size + count / 8 + 1, alignment: 64) {
      buffer in
      guard let kept = buffer.baseAddress else { return }
      let mask = (kept + count * size).assumingMemoryBound(to: UInt8.self)
      mpk_keep_above(run, half, count, 0, mask)
      let found = mpk_compact(run, size, mask, count, kept)
      if found == 0 { return }
      isEmpty = false
      try collector.add(kept, count: found, scales: nil)
    }
  }

  /// A zero, which nothing refers to, where nothing was kept.
  func entries() throws -> [Float] { isEmpty ? [0] : try collector.entries() }
}
