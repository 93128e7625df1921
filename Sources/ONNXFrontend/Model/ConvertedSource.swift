// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tensors

/// A weight of a type that `CastSource` does not read (`uint64`, and integers of less than a byte)
/// in the dtype that a program computes in. What `int32` cannot hold is refused before (`firstPastInt32`).
final class ConvertedSource: WeightSource {
  private let base: any WeightSource
  let dtype: DType

  var shape: [Int] { base.shape }
  var key: String { "converted(\(base.key),\(dtype.rawValue))" }

  /// `source` in the dtype of running programs; itself where it has that dtype.
  static func runtime(_ source: any WeightSource) -> (any WeightSource)? {
    guard let dtype = source.dtype.runtime else { return nil }
    if dtype == source.dtype { return source }
    return (try? CastSource.cast(source, to: dtype)) ?? ConvertedSource(source, to: dtype)
  }

  init(_ base: any WeightSource, to dtype: DType) {
    self.base = base
    self.dtype = dtype
  }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    let tile = base.dtype.isSubByte ? 8 : 1
    // The source of a sub-byte type is read from a byte boundary.
    let start = range.lowerBound / tile * tile
    guard let size = base.dtype.byteCount(range.upperBound - start) else { return }
    var bytes = [UInt8](repeating: 0, count: size)
    try bytes.withUnsafeMutableBytes { try base.read(start..<range.upperBound, into: $0) }
    let data = try TensorData(
      dtype: base.dtype, shape: [range.upperBound - start], bytes: bytes)
    let converted = data.converted(to: dtype)
    let width = dtype.bitWidth / 8
    converted.withUnsafeBytes { raw in
      buffer.copyMemory(from: .init(rebasing: raw[((range.lowerBound - start) * width)...]))
    }
  }

  func permuted(_ axes: [Int]) -> (any WeightSource)? {
    base.permuted(axes).map { ConvertedSource($0, to: dtype) }
  }

  func sliced(starts: [Int], shape: [Int], steps: [Int]) -> (any WeightSource)? {
    base.sliced(starts: starts, shape: shape, steps: steps).map { ConvertedSource($0, to: dtype) }
  }

  func reshaped(_ shape: [Int]) -> (any WeightSource)? {
    base.reshaped(shape).map { ConvertedSource($0, to: dtype) }
  }
}

extension TensorData {
  /// The bytes of the elements as `float32` or `int32`.
  fileprivate func converted(to dtype: DType) -> [UInt8] {
    if dtype == .int32 {
      return doubles.map { Int32(saturating: $0) }.withUnsafeBytes { [UInt8]($0) }
    }
    return floats.withUnsafeBytes { [UInt8]($0) }
  }
}
