// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What coremltools made of a few weights; `scripts/make-quantization-fixtures` says the format.
struct QuantizationFixture {
  struct Weight {
    var isHalf: Bool
    var rows: Int
    var columns: Int
    var bytes: [UInt8]

    /// The elements in float32, exactly.
    var floats: [Float] { decodedFloats(bytes, isHalf: isHalf) }
  }

  struct Case: CustomTestStringConvertible {
    var weight: Weight
    var scheme: mpk_quantization
    /// Blocks lie along the rows; a row may be one block, and the tensor too.
    var blocks: Int
    var scales: [Float]
    var zeros: [Float]
    var codes: [UInt8]
    var decoded: [Float]

    var blockLength: Int { weight.rows * weight.columns / blocks }

    var testDescription: String {
      (scheme.is_signed == 1 ? "int" : "uint") + "\(scheme.bits) "
        + (scheme.is_symmetric == 1 ? "symmetric" : "asymmetric") + ", \(blocks) blocks of "
        + (weight.isHalf ? "float16" : "float32")
    }
  }

  static let cases: [Case] = {
    var reader = Reader(bytes: readFile(fixtureFolder + "/quantization.bin"))
    return reader.cases()
  }()
}

private let fixtureFolder = #filePath.components(before: "/Tests/") + "/Fixtures"

extension String {
  fileprivate func components(before marker: String) -> String {
    var text = self[...]
    while !text.isEmpty, !text.hasSuffix(marker) { text = text.dropLast() }
    return String(text.dropLast(marker.count))
  }
}

private func readFile(_ path: String) -> [UInt8] {
  guard let file = fopen(path, "rb") else { return [] }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 20)
  let count = fread(&bytes, 1, bytes.count, file)
  return Array(bytes.prefix(count))
}

private func decodedFloats(_ bytes: [UInt8], isHalf: Bool) -> [Float] {
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

  mutating func byte() -> UInt8 { take(1)[0] }

  mutating func word() -> Int {
    take(4).reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  mutating func cases() -> [QuantizationFixture.Case] {
    guard bytes.count > 8, take(4) == Array("MPQF".utf8) else { return [] }
    let weights = (0..<word()).map { _ in weight() }
    return (0..<word()).map { _ in oneCase(weights) }
  }

  private mutating func weight() -> QuantizationFixture.Weight {
    let isHalf = byte() == 1
    let (rows, columns) = (word(), word())
    let bytes = take(rows * columns * (isHalf ? 2 : 4))
    return .init(isHalf: isHalf, rows: rows, columns: columns, bytes: bytes)
  }

  private mutating func oneCase(_ weights: [QuantizationFixture.Weight])
    -> QuantizationFixture.Case
  {
    let weight = weights[word()]
    let scheme = mpk_quantization(
      bits: byte(), is_signed: byte(), is_symmetric: byte(), is_half: weight.isHalf ? 1 : 0)
    _ = word()
    let blocks = word()
    let size = weight.isHalf ? 2 : 4
    let count = weight.rows * weight.columns
    let scales = decodedFloats(take(blocks * size), isHalf: weight.isHalf)
    let zeros = byte() == 1 ? take(blocks) : [UInt8](repeating: 0, count: blocks)
    return .init(
      weight: weight, scheme: scheme, blocks: blocks, scales: scales,
      zeros: zeros.map { scheme.is_signed == 1 ? Float(Int8(bitPattern: $0)) : Float($0) },
      codes: take(count), decoded: decodedFloats(take(count * size), isHalf: weight.isHalf))
  }
}
