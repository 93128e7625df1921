// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension PalettizedWeight {
  /// Encodes and decodes the whole weight, a tile at a time, and compares.
  package func error() throws -> WeightError {
    var sums = mpk_error()
    let rows = max(1, Self.chunk / layout.unit)
    let count = layout.outer * layout.unitsPerRow
    for first in stride(from: 0, to: count, by: rows) {
      let range = first * layout.unit..<min(first + rows, count) * layout.unit
      let decoded = try decoded(range)
      try withElements(range) { elements in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: range.count) { buffer in
          guard let floats = buffer.baseAddress else { return }
          if isHalf {
            mpk_f16_to_f32(elements.assumingMemoryBound(to: UInt16.self), floats, range.count)
          } else {
            floats.initialize(
              from: elements.assumingMemoryBound(to: Float.self), count: range.count)
          }
          mpk_accumulate_error(floats, decoded, range.count, &sums)
        }
      }
    }
    let ratio = sums.noise == 0 ? Double.infinity : sums.signal / sums.noise
    return WeightError(decibels: 10 * log10(ratio), largest: sums.largest, saturated: 0)
  }

  /// The values that the weight has once it is palettized, in float32, for `range` of its elements,
  /// which is whole units.
  package func decoded(_ range: Range<Int>) throws -> [Float] {
    let (size, inner) = (layout.clusterSize, layout.inner)
    let scales = try scales()
    var result = [Float](repeating: .nan, count: range.count)
    let indices = range.lowerBound / size..<range.upperBound / size
    try forEachPiece(in: indices) { piece in
      for (number, index) in piece.range.enumerated() {
        let entry = Int(piece.codes[number]) * size
        let (unit, place) = (index / inner, index % inner)
        for coordinate in 0..<size {
          let element = (unit * size + coordinate) * inner + place
          var value = piece.table.entries[entry + coordinate]
          if let scales {
            value = scaled(value, by: scales[element / layout.rowLength * inner + place])
          }
          result[element - range.lowerBound] = value
        }
      }
    }
    return result
  }

  private func scaled(_ value: Float, by scale: Float) -> Float {
    isHalf ? Float(Float16(value * scale)) : value * scale
  }
}
