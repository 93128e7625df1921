// SPDX-License-Identifier: Apache-2.0
import Tensors

/// The table of one group.
struct PaletteTable: Sendable {
  /// The entries as the package has them, one vector after another.
  let entries: [Float]
  /// For single values: how many of these an element lies above says which entry is nearest, the
  /// smaller of two that are equally near.
  let cuts: [Float]
  /// The entry for each number of cuts; `nil` if that is the number itself.
  let order: [UInt8]?
  /// The table as it is stored in int8.
  let quantized: Quantized?

  struct Quantized: Sendable {
    let codes: [Int8]
    let scale: Float
  }

  /// `entries`, which are 1 to `count` vectors of `size` numbers in the dtype of the weight, are
  /// filled up with the last one.
  init(_ entries: [Float], count: Int, size: Int, isHalf: Bool, inInt8: Bool) {
    var entries = entries
    while entries.count < count * size { entries += Array(entries.suffix(size)) }
    quantized = inInt8 ? Quantized(entries, isHalf: isHalf) : nil
    if let quantized { entries = quantized.values(isHalf: isHalf) }
    self.entries = entries
    if size == 1 {
      (cuts, order) = Self.cuts(entries)
    } else {
      (cuts, order) = ([], nil)
    }
  }

  private static func cuts(_ entries: [Float]) -> ([Float], [UInt8]?) {
    var cuts: [Float] = []
    var order: [UInt8] = []
    var last: Float?
    for place in entries.indices.sorted(by: { (entries[$0], $0) < (entries[$1], $1) }) {
      if entries[place] == last { continue }
      if let last { cuts.append(middle(last, entries[place])) }
      last = entries[place]
      order.append(UInt8(truncatingIfNeeded: place))
    }
    let isPlain = order.enumerated().allSatisfy { $0.offset == $0.element }
    let missing = entries.count - 1 - cuts.count
    cuts += [Float](repeating: .infinity, count: missing)
    return (cuts, isPlain ? nil : order)
  }

  /// The largest number that is not above the middle of two.
  private static func middle(_ a: Float, _ b: Float) -> Float {
    let middle = (Double(a) + Double(b)) / 2
    let cut = Float(middle)
    return Double(cut) > middle ? cut.nextDown : cut
  }
}

extension PaletteTable.Quantized {
  /// The largest magnitude becomes 127.
  init(_ entries: [Float], isHalf: Bool) {
    let magnitude = entries.reduce(0) { max($0, abs($1)) }
    var scale = Self.rounded(magnitude / 127, isHalf)
    if magnitude == 0 {
      scale = 1
    } else if scale == 0 {
      scale = isHalf ? Float(Float16.leastNonzeroMagnitude) : .leastNonzeroMagnitude
    }
    // A scale that was rounded up must not take the largest value beyond the range of the dtype.
    while !Self.rounded(127 * scale, isHalf).isFinite {
      scale = isHalf ? Float(Float16(scale).nextDown) : scale.nextDown
    }
    codes = entries.map { Int8(max(-127, min(127, ($0 / scale).rounded(.toNearestOrEven)))) }
    self.scale = scale
  }

  func values(isHalf: Bool) -> [Float] {
    codes.map { Self.rounded(Float($0) * scale, isHalf) }
  }

  private static func rounded(_ value: Float, _ isHalf: Bool) -> Float {
    isHalf ? Float(Float16(value)) : value
  }
}
