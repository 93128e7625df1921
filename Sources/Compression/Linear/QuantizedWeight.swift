// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics
package import Tensors

/// A weight seen through a quantization scheme: codes, scales and zero points, computed a tile at
/// a time from the source whenever they are read.
package final class QuantizedWeight: Sendable {
  /// How messages call the weight.
  let name: String
  package let source: any WeightSource
  package let scheme: QuantizationScheme
  package let layout: BlockLayout
  let kernelScheme: mpk_quantization
  let isHalf: Bool
  let memory: ParameterMemory

  /// C1: `source` is float16 or float32 and has the shape of `layout`.
  package init(
    _ source: any WeightSource, name: String, scheme: QuantizationScheme, layout: BlockLayout
  ) throws {
    guard source.dtype == .float16 || source.dtype == .float32, source.shape == layout.shape else {
      throw Diagnostic.error(
        .internalError, "cannot quantize a \(source.dtype.rawValue) weight of shape \(source.shape)"
      )
    }
    self.source = source
    self.name = name
    self.scheme = scheme
    self.layout = layout
    isHalf = source.dtype == .float16
    kernelScheme = scheme.kernelScheme(for: source.dtype)
    memory = ParameterMemory(count: layout.blockCount)
  }

  /// Identifies the result: the same for equal weights in equal schemes.
  var key: String {
    "quantized(\(scheme.dtype.rawValue),\(scheme.mode.rawValue),\(layout.blockShape),\(source.key))"
  }

  /// The integer codes, in the shape of the weight.
  package var codes: any WeightSource { QuantizedCodes(self) }

  /// The scales, in the dtype of the weight. `shape` has as many elements as there are blocks.
  package func scales(shape: [Int]) -> any WeightSource { QuantizedScales(self, shape: shape) }

  /// The zero points, in the dtype of the codes.
  package func offsets(shape: [Int]) -> any WeightSource { QuantizedOffsets(self, shape: shape) }

  var elementSize: Int { isHalf ? 2 : 4 }

  /// Elements of the source that are worked on at a time: few enough for the second-level cache.
  static let chunk = 1 << 17
}

// MARK: - Scales and zero points

extension QuantizedWeight {
  /// The scales and zero points of `panels`, from memory or from the source.
  ///
  /// Throws `.notRepresentable` where the weight holds an infinity or a NaN.
  func parameters(_ panels: Range<Int>) throws -> BlockParameters {
    let blocks = (panels.lowerBound * layout.columns)..<(panels.upperBound * layout.columns)
    if let known = memory.recall(blocks) { return known }
    if layout.isContiguous && layout.inner <= Self.chunk { return try smallBlocks(blocks) }
    var low = [Float](repeating: .infinity, count: blocks.count)
    var high = [Float](repeating: -.infinity, count: blocks.count)
    for (index, panel) in panels.enumerated() {
      let place = index * layout.columns
      for round in 0..<layout.repeats {
        let start = (round * layout.panels + panel) * layout.panelLength
        try widen(&low, &high, at: place, start..<(start + layout.panelLength))
      }
    }
    return remember(low, high, at: blocks.lowerBound)
  }

  /// The parameters of contiguous blocks, read many at a time.
  private func smallBlocks(_ blocks: Range<Int>) throws -> BlockParameters {
    var found = BlockParameters(count: 0)
    let step = max(1, Self.chunk / layout.inner)
    for first in stride(from: blocks.lowerBound, to: blocks.upperBound, by: step) {
      let run = first..<min(first + step, blocks.upperBound)
      let covered = (first * layout.inner)..<(run.upperBound * layout.inner)
      let piece = try withElements(covered) { try parameters(run, of: $0) }
      found.scales += piece.scales
      found.zeros += piece.zeros
    }
    return found
  }

  /// Widens the ranges of the blocks of one panel to the elements of `range`, which is the panel.
  private func widen(
    _ low: inout [Float], _ high: inout [Float], at place: Int, _ range: Range<Int>
  ) throws {
    // Whole rows; a row of one block may be cut anywhere.
    let step =
      layout.columns == 1 && layout.rows == 1
      ? Self.chunk : max(1, Self.chunk / layout.rowLength) * layout.rowLength
    for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      let piece = start..<min(start + step, range.upperBound)
      try withElements(piece) { elements in
        let whole = piece.count % layout.rowLength == 0
        let (rows, inner) =
          whole ? (piece.count / layout.rowLength, layout.inner) : (1, piece.count)
        let strange = low.withUnsafeMutableBufferPointer { low in
          high.withUnsafeMutableBufferPointer { high in
            mpk_block_range(
              elements, isHalf ? 1 : 0, rows, layout.columns, inner, layout.rowLength,
              low.baseAddress.map { $0 + place }, high.baseAddress.map { $0 + place })
          }
        }
        if strange != 0 { throw Diagnostic.notFinite(name) }
      }
    }
  }

  /// The parameters of contiguous blocks whose elements are at hand.
  func parameters(_ blocks: Range<Int>, of elements: UnsafeRawPointer) throws -> BlockParameters {
    if let known = memory.recall(blocks) { return known }
    var low = [Float](repeating: .infinity, count: blocks.count)
    var high = [Float](repeating: -.infinity, count: blocks.count)
    let strange = mpk_block_range(
      elements, isHalf ? 1 : 0, 1, blocks.count, layout.inner, 0, &low, &high)
    if strange != 0 { throw Diagnostic.notFinite(name) }
    return remember(low, high, at: blocks.lowerBound)
  }

  private func remember(_ low: [Float], _ high: [Float], at first: Int) -> BlockParameters {
    var parameters = BlockParameters(count: low.count)
    mpk_block_parameters(
      low, high, low.count, kernelScheme, &parameters.scales, &parameters.zeros)
    memory.remember(parameters, at: first)
    return parameters
  }

  /// Whether the weight is without infinities and NaNs. Reads all of it, and remembers the scales.
  func isFinite() throws -> Bool {
    do {
      let step = max(1, Self.chunk / layout.columns)
      for first in stride(from: 0, to: layout.panels, by: step) {
        _ = try parameters(first..<min(first + step, layout.panels))
      }
      return true
    } catch let problem as Diagnostic where problem.code == .notRepresentable {
      return false
    }
  }

  /// Reads elements of the source into a temporary buffer.
  func withElements<Result>(
    _ range: Range<Int>, _ body: (UnsafeRawPointer) throws -> Result
  ) throws -> Result {
    let size = range.count * elementSize
    return try withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { buffer in
      try source.read(range, into: buffer)
      guard let start = buffer.baseAddress else {
        throw Diagnostic.error(.internalError, "an empty tile of weight '\(name)'")
      }
      return try body(start)
    }
  }
}

extension Diagnostic {
  fileprivate static func notFinite(_ name: String) -> Diagnostic {
    .error(
      .notRepresentable,
      "weight '\(name)' holds an infinity or a NaN, which no scale can represent",
      fix: "leave it as it is with --exclude '\(name)'")
  }
}
