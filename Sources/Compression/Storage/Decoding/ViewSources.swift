// SPDX-License-Identifier: Apache-2.0
import Tensors

/// Bytes as packed elements: how iOS 16 stores indices and masks.
final class PackedSource: WeightSource {
  private let bytes: any WeightSource
  let dtype: DType
  let shape: [Int]

  var key: String { "packed(\(bytes.key),\(dtype.rawValue),\(shape))" }

  /// C1: `bytes` is uint8 and has at least the bytes of `shape`.
  init(_ bytes: any WeightSource, as dtype: DType, shape: [Int]) {
    self.bytes = bytes
    self.dtype = dtype
    self.shape = shape
  }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    let first = range.lowerBound / 8 * dtype.bitWidth + range.lowerBound % 8 * dtype.bitWidth / 8
    let size = dtype.byteCount(range.count) ?? 0
    try bytes.read(
      first..<(first + size), into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<size]))
  }
}

/// One number as many.
final class RepeatedScalar: WeightSource {
  private let scalar: any WeightSource
  let shape: [Int]

  var dtype: DType { scalar.dtype }
  var key: String { "scalar(\(scalar.key),\(shape))" }

  /// C1: `scalar` has one element of one or more bytes.
  init(_ scalar: any WeightSource, count: Int) {
    self.scalar = scalar
    shape = [count]
  }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    let bytes = try scalar.materialized().bytes
    for place in 0..<range.count {
      for (k, byte) in bytes.enumerated() { buffer[place * bytes.count + k] = byte }
    }
  }
}
