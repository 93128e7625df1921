// SPDX-License-Identifier: Apache-2.0

/// A tensor in memory as a weight source: constants that a frontend or a pass computed.
package final class MemorySource: WeightSource {
  private let data: TensorData
  private let layout: StridedLayout
  package let key: String

  package var dtype: DType { data.dtype }
  package var shape: [Int] { layout.shape }

  package init(_ data: TensorData) {
    self.data = data
    layout = StridedLayout(shape: data.shape)
    key = "memory(\(ContentHash.of(data.bytes)),\(data.dtype.rawValue),\(data.shape))"
  }

  private init(_ source: MemorySource, layout: StridedLayout) {
    data = source.data
    self.layout = layout
    key = "view(\(source.key),\(layout.offset),\(layout.shape),\(layout.strides))"
  }

  package func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    if dtype.isSubByte || layout.isContiguous {
      let start = (layout.offset + range.lowerBound) * dtype.bitWidth / 8
      let size = dtype.byteCount(range.count) ?? 0
      return data.bytes.withUnsafeBytes {
        buffer.copyMemory(from: .init(rebasing: $0[start..<(start + size)]))
      }
    }
    layout.copy(range, size: dtype.bitWidth / 8, from: data.bytes, origin: 0, to: buffer)
  }

  package func permuted(_ axes: [Int]) -> (any WeightSource)? {
    dtype.isSubByte ? nil : MemorySource(self, layout: layout.permuted(axes))
  }

  package func sliced(starts: [Int], shape: [Int], steps: [Int]) -> (any WeightSource)? {
    dtype.isSubByte
      ? nil : MemorySource(self, layout: layout.sliced(starts: starts, shape: shape, steps: steps))
  }

  package func reshaped(_ shape: [Int]) -> (any WeightSource)? {
    layout.reshaped(shape).map { MemorySource(self, layout: $0) }
  }
}
