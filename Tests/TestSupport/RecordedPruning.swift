// SPDX-License-Identifier: Apache-2.0

/// What coremltools prunes of a weight: one case of `Fixtures/pruning.bin`, whose format
/// `scripts/make-pruning-fixtures` says.
package struct RecordedPruning: Sendable, CustomStringConvertible {
  package enum Kind: Int, Sendable {
    case threshold, share, blocks, pattern
  }

  package struct Weight: Sendable {
    package var isHalf: Bool
    package var shape: [Int]
    /// The elements, float16 or float32.
    package var bytes: [UInt8]
  }

  package var weight: Weight
  package var kind: Kind
  /// A threshold or a share.
  package var number: Double
  /// Channels of a block, or zeros of a pattern.
  package var first: Int
  /// The group of a pattern.
  package var second: Int
  package var axis: Int
  /// A bit per element; nil where the weight is left alone.
  package var mask: [UInt8]?

  package var description: String {
    "\(weight.isHalf ? "float16" : "float32")\(weight.shape) \(kind) \(number) \(first):\(second) "
      + "along \(axis)"
  }

  /// All cases; empty if the file is missing.
  package static let all: [RecordedPruning] = {
    var reader = Reader(bytes: readFixture("pruning.bin"))
    return reader.cases()
  }()
}

private struct Reader {
  var bytes: [UInt8]
  var place = 0

  mutating func take(_ count: Int) -> [UInt8] {
    defer { place += count }
    return Array(bytes[place..<(place + count)])
  }

  mutating func byte() -> Int { Int(take(1)[0]) }
  mutating func word() -> Int { Int(bits(4)) }
  mutating func bits(_ count: Int) -> UInt64 {
    take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func cases() -> [RecordedPruning] {
    guard bytes.count > 8, take(4) == Array("MPPR".utf8) else { return [] }
    let weights = (0..<word()).map { _ in weight() }
    return (0..<word()).compactMap { _ in oneCase(weights) }
  }

  private mutating func weight() -> RecordedPruning.Weight {
    let isHalf = byte() == 1
    let rank = byte()
    let shape = (0..<rank).map { _ in word() }
    return .init(
      isHalf: isHalf, shape: shape, bytes: take(shape.reduce(isHalf ? 2 : 4, *)))
  }

  private mutating func oneCase(_ weights: [RecordedPruning.Weight]) -> RecordedPruning? {
    let weight = weights[word()]
    let kind = RecordedPruning.Kind(rawValue: byte())
    let number = Double(bitPattern: bits(8))
    let (first, second, axis) = (word(), word(), byte())
    let mask = byte() == 1 ? take((weight.shape.reduce(1, *) + 7) / 8) : nil
    return kind.map {
      RecordedPruning(
        weight: weight, kind: $0, number: number, first: first, second: second, axis: axis,
        mask: mask)
    }
  }
}
