// SPDX-License-Identifier: Apache-2.0
import CKernels
import Tensors

/// The codes of a quantized weight, packed.
final class QuantizedCodes: WeightSource {
  private let weight: QuantizedWeight

  init(_ weight: QuantizedWeight) { self.weight = weight }

  var dtype: DType { weight.scheme.dtype }
  var shape: [Int] { weight.layout.shape }
  var key: String { "codes(\(weight.key))" }
  var derivation: SourceDerivation? { weight.derivation("codes") }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    var packer = PackedWriter(dtype, buffer)
    try weight.forEachPiece(in: range) { packer.append($0.wantedCodes) }
    packer.finish()
  }
}

/// The scales of a quantized weight, in the dtype of the weight.
final class QuantizedScales: WeightSource {
  private let weight: QuantizedWeight
  let shape: [Int]

  init(_ weight: QuantizedWeight, shape: [Int]) {
    self.weight = weight
    self.shape = shape
  }

  var dtype: DType { weight.source.dtype }
  var key: String { "scales(\(shape),\(weight.key))" }
  var derivation: SourceDerivation? { weight.derivation("scales") }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    try weight.forEachParameter(in: range) { parameters, place in
      guard let base = buffer.baseAddress else { return }
      let target = base + place * weight.elementSize
      if weight.isHalf {
        mpk_f32_to_f16(
          parameters.scales, target.assumingMemoryBound(to: UInt16.self), parameters.scales.count)
      } else {
        UnsafeMutableRawBufferPointer(start: target, count: 4 * parameters.scales.count)
          .copyBytes(from: parameters.scales.withUnsafeBytes { Array($0) })
      }
    }
  }
}

/// The zero points of a quantized weight, in the dtype of its codes.
final class QuantizedOffsets: WeightSource {
  private let weight: QuantizedWeight
  let shape: [Int]

  init(_ weight: QuantizedWeight, shape: [Int]) {
    self.weight = weight
    self.shape = shape
  }

  var dtype: DType { weight.scheme.dtype }
  var key: String { "offsets(\(shape),\(weight.key))" }
  /// None where all are the same, whatever the weight.
  var derivation: SourceDerivation? {
    weight.scheme.mode == .symmetric ? nil : weight.derivation("offsets")
  }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    var packer = PackedWriter(dtype, buffer)
    if weight.scheme.mode == .symmetric {
      let center = UInt8(truncatingIfNeeded: weight.center)
      [UInt8](repeating: center, count: range.count).withUnsafeBufferPointer { packer.append($0) }
    } else {
      try weight.forEachParameter(in: range) { parameters, _ in
        let zeros = parameters.zeros.map { UInt8(truncatingIfNeeded: Int($0)) }
        zeros.withUnsafeBufferPointer { packer.append($0) }
      }
    }
    packer.finish()
  }
}

extension QuantizedWeight {
  /// Gives the parameters of the blocks in `range` to `body` in consecutive pieces, each with its
  /// place in the range.
  fileprivate func forEachParameter(
    in range: Range<Int>, _ body: (BlockParameters, _ place: Int) throws -> Void
  ) throws {
    let columns = layout.columns
    let step = panelsPerChunk
    let last = (range.upperBound + columns - 1) / columns
    for first in stride(from: range.lowerBound / columns, to: last, by: step) {
      let panels = first..<min(first + step, last)
      var found = try parameters(panels)
      let covered = (first * columns)..<(panels.upperBound * columns)
      let wanted = covered.clamped(to: range)
      if wanted != covered {
        let kept =
          (wanted.lowerBound - covered.lowerBound)..<(wanted.upperBound - covered.lowerBound)
        found.scales = Array(found.scales[kept])
        found.zeros = Array(found.zeros[kept])
      }
      try body(found, wanted.lowerBound - range.lowerBound)
    }
  }
}
