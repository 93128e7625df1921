// SPDX-License-Identifier: Apache-2.0
import CKernels
import Synchronization

/// Scales and zero points of consecutive blocks.
struct BlockParameters {
  var scales: [Float]
  var zeros: [Float]

  init(count: Int) {
    scales = [Float](repeating: .nan, count: count)
    zeros = scales
  }
}

/// The parameters of a weight that are known so far: what reading the codes found out serves
/// reading the scales. May forget at any time.
final class ParameterMemory: Forgetting {
  private static let budget = MemoryBudget(limit: 48 << 20)

  /// Scales as they are stored, so that the memory is no larger than the result; one that is not
  /// known is NaN. Empty when forgotten.
  private struct Known {
    var halves: [UInt16] = []
    var floats: [Float] = []
    var zeros: [Int16] = []
  }

  private let count: Int
  private let isHalf: Bool
  /// The zero point of every block; nil if each has its own.
  private let center: Float?
  private let known = Mutex(Known())

  init(count: Int, isHalf: Bool, center: Float?) {
    self.count = count
    self.isHalf = isHalf
    self.center = center
  }

  deinit { Self.budget.remove(ObjectIdentifier(self)) }

  private var bytes: Int { count * ((isHalf ? 2 : 4) + (center == nil ? 2 : 0)) }

  /// The parameters of `blocks`, if all of them are known.
  func recall(_ blocks: Range<Int>) -> BlockParameters? {
    known.withLock { known in
      var found = BlockParameters(count: 0)
      if isHalf {
        guard !known.halves.isEmpty, !known.halves[blocks].contains(Self.unknown) else {
          return nil
        }
        found.scales = [Float](unsafeUninitializedCapacity: blocks.count) { buffer, filled in
          known.halves.withUnsafeBufferPointer {
            mpk_f16_to_f32(
              $0.baseAddress.map { $0 + blocks.lowerBound }, buffer.baseAddress, blocks.count)
          }
          filled = blocks.count
        }
      } else {
        guard !known.floats.isEmpty, !known.floats[blocks].contains(where: \.isNaN) else {
          return nil
        }
        found.scales = Array(known.floats[blocks])
      }
      found.zeros =
        center.map { [Float](repeating: $0, count: blocks.count) }
        ?? known.zeros[blocks].map { Float($0) }
      return found
    }
  }

  func remember(_ parameters: BlockParameters, at first: Int) {
    guard Self.budget.admit(self, bytes: bytes) else { return }
    let blocks = first..<(first + parameters.scales.count)
    known.withLock { known in
      if isHalf {
        if known.halves.isEmpty { known.halves = [UInt16](repeating: Self.unknown, count: count) }
        known.halves.withUnsafeMutableBufferPointer {
          mpk_f32_to_f16(parameters.scales, $0.baseAddress.map { $0 + first }, blocks.count)
        }
      } else {
        if known.floats.isEmpty { known.floats = [Float](repeating: .nan, count: count) }
        known.floats.replaceSubrange(blocks, with: parameters.scales)
      }
      if center == nil {
        if known.zeros.isEmpty { known.zeros = [Int16](repeating: 0, count: count) }
        for (block, zero) in zip(blocks, parameters.zeros) { known.zeros[block] = Int16(zero) }
      }
    }
  }

  func forget() {
    known.withLock { $0 = Known() }
  }

  /// A NaN, which no scale is.
  private static let unknown: UInt16 = 0x7e00
}
