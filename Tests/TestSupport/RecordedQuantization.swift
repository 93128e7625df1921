// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What coremltools made of a weight: one case of `Fixtures/quantization.bin`, whose format
/// `scripts/make-quantization-fixtures` says.
package struct RecordedQuantization: Sendable, CustomStringConvertible {
  package struct Weight: Sendable {
    package var isHalf: Bool
    package var rows: Int
    package var columns: Int
    /// The elements, float16 or float32.
    package var bytes: [UInt8]

    /// The elements in float32, exactly.
    package var floats: [Float] { recordedFloats(bytes, isHalf: isHalf) }
  }

  package var weight: Weight
  package var bits: Int
  package var isSigned: Bool
  package var isSymmetric: Bool
  /// Consecutive blocks of equal length: parts of rows, rows, or all.
  package var blocks: Int
  package var scales: [Float]
  package var zeros: [Float]
  package var hasZeros: Bool
  /// A byte each.
  package var codes: [UInt8]
  package var decoded: [Float]

  package var blockLength: Int { weight.rows * weight.columns / blocks }

  package var description: String {
    (isSigned ? "int" : "uint") + "\(bits) " + (isSymmetric ? "symmetric" : "asymmetric")
      + ", \(blocks) blocks of " + (weight.isHalf ? "float16" : "float32")
  }

  /// All cases; empty if the file is missing.
  package static let all: [RecordedQuantization] = {
    var reader = Reader(bytes: readFixture("quantization.bin"))
    return reader.cases()
  }()
}

/// The bytes of a file in `Fixtures`; none if it cannot be read.
func readFixture(_ name: String) -> [UInt8] {
  var folder = #filePath[...]
  while !folder.isEmpty, !folder.hasSuffix("/Tests/") { folder = folder.dropLast() }
  guard let file = fopen(folder.dropLast("Tests/".count) + "Fixtures/" + name, "rb") else {
    return []
  }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 20)
  let count = fread(&bytes, 1, bytes.count, file)
  return Array(bytes.prefix(count))
}

private func recordedFloats(_ bytes: [UInt8], isHalf: Bool) -> [Float] {
  bytes.withUnsafeBytes { raw in
    if isHalf {
      return stride(from: 0, to: raw.count, by: 2).map {
        Float(Float16(bitPattern: raw.loadUnaligned(fromByteOffset: $0, as: UInt16.self)))
      }
    }
    return stride(from: 0, to: raw.count, by: 4).map {
      raw.loadUnaligned(fromByteOffset: $0, as: Float.self)
    }
  }
}

private struct Reader {
  var bytes: [UInt8]
  var place = 0

  mutating func take(_ count: Int) -> [UInt8] {
    defer { place += count }
    return Array(bytes[place..<(place + count)])
  }

  mutating func byte() -> Int { Int(take(1)[0]) }

  mutating func word() -> Int {
    take(4).reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  mutating func cases() -> [RecordedQuantization] {
    guard bytes.count > 8, take(4) == Array("MPQF".utf8) else { return [] }
    let weights = (0..<word()).map { _ in weight() }
    return (0..<word()).map { _ in oneCase(weights) }
  }

  private mutating func weight() -> RecordedQuantization.Weight {
    let isHalf = byte() == 1
    let (rows, columns) = (word(), word())
    let bytes = take(rows * columns * (isHalf ? 2 : 4))
    return .init(isHalf: isHalf, rows: rows, columns: columns, bytes: bytes)
  }

  private mutating func oneCase(_ weights: [RecordedQuantization.Weight]) -> RecordedQuantization {
    let weight = weights[word()]
    let (bits, isSigned, isSymmetric) = (byte(), byte() == 1, byte() == 1)
    _ = word()
    let blocks = word()
    let size = weight.isHalf ? 2 : 4
    let count = weight.rows * weight.columns
    let scales = recordedFloats(take(blocks * size), isHalf: weight.isHalf)
    let hasZeros = byte() == 1
    let zeros = hasZeros ? take(blocks) : [UInt8](repeating: 0, count: blocks)
    return RecordedQuantization(
      weight: weight, bits: bits, isSigned: isSigned, isSymmetric: isSymmetric, blocks: blocks,
      scales: scales, zeros: zeros.map { isSigned ? Float(Int8(bitPattern: $0)) : Float($0) },
      hasZeros: hasZeros, codes: take(count),
      decoded: recordedFloats(take(count * size), isHalf: weight.isHalf))
  }
}
