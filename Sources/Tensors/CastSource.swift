// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics

/// The elements of another source in another dtype, converted as they are read.
///
/// Floats are rounded to nearest even; integers saturate. Conversions go through float32 unless
/// both sides are integers, so integers beyond 2^24 keep their value only in integer types.
package final class CastSource: WeightSource {
  private let source: any WeightSource
  package let dtype: DType
  package var shape: [Int] { source.shape }
  package var key: String { "cast(\(source.key),\(dtype.rawValue))" }

  private init(_ source: any WeightSource, to dtype: DType) {
    self.source = source
    self.dtype = dtype
  }

  /// `source` as `dtype`; itself where it already is. A detour through a wider float is dropped.
  package static func cast(_ source: any WeightSource, to dtype: DType) throws -> any WeightSource {
    if source.dtype == dtype { return source }
    guard source.dtype.isNumeric, dtype.isNumeric else {
      throw Diagnostic.error(
        .unsupportedType, "a \(source.dtype.rawValue) weight cannot become \(dtype.rawValue)")
    }
    if let inner = source as? CastSource, inner.dtype == .float32, inner.source.dtype.isFloat,
      inner.source.dtype.bitWidth <= 16
    {
      return try cast(inner.source, to: dtype)
    }
    return CastSource(source, to: dtype)
  }

  package func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    let tile = 1 << 15
    var scratch = [UInt8](repeating: 0, count: source.dtype.byteCount(min(tile, range.count)) ?? 0)
    var start = range.lowerBound
    var target = 0
    while start < range.upperBound {
      let part = start..<min(start + tile, range.upperBound)
      try scratch.withUnsafeMutableBytes { raw in
        let input = UnsafeMutableRawBufferPointer(
          rebasing: raw[..<(source.dtype.byteCount(part.count) ?? 0)])
        try source.read(part, into: input)
        let output = UnsafeMutableRawBufferPointer(
          rebasing: buffer[target..<(target + (dtype.byteCount(part.count) ?? 0))])
        try Conversion.convert(
          UnsafeRawBufferPointer(input), source.dtype, to: output, dtype, count: part.count)
      }
      target += dtype.byteCount(part.count) ?? 0
      start = part.upperBound
    }
  }

  package var grain: Int? { source.grain }
  package func announce(_ range: Range<Int>) { source.announce(range) }

  package func permuted(_ axes: [Int]) -> (any WeightSource)? {
    source.permuted(axes).map { CastSource($0, to: dtype) }
  }

  package func sliced(starts: [Int], shape: [Int], steps: [Int]) -> (any WeightSource)? {
    source.sliced(starts: starts, shape: shape, steps: steps).map { CastSource($0, to: dtype) }
  }

  package func reshaped(_ shape: [Int]) -> (any WeightSource)? {
    source.reshaped(shape).map { CastSource($0, to: dtype) }
  }
}

extension DType {
  /// Whether elements are real numbers of whole bytes, which `CastSource` converts.
  var isNumeric: Bool {
    switch self {
    case .bool, .float16, .float32, .float64, .bfloat16, .int8, .int16, .int32, .int64, .uint8,
      .uint16, .uint32:
      true
    default: false
    }
  }
}
