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
  let importance: Importance?
  /// The code of zero in a symmetric scheme.
  let center: Int
  let memory: ParameterMemory

  /// C1: `source` is float16 or float32 and has the shape of `layout`.
  package convenience init(
    _ source: any WeightSource, name: String, scheme: QuantizationScheme, layout: BlockLayout
  ) throws {
    try self.init(source, name: name, scheme: scheme, layout: layout, importance: nil)
  }

  /// C1: as above. C2: `importance` is that of the weight's input channels.
  init(
    _ source: any WeightSource, name: String, scheme: QuantizationScheme, layout: BlockLayout,
    importance: Importance?
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
    self.importance = scheme.fit == .error ? importance : nil
    center = scheme.dtype.isSignedInteger ? 0 : scheme.codes.upperBound / 2
    memory = ParameterMemory(
      count: layout.blockCount, isHalf: isHalf,
      center: scheme.mode == .symmetric ? Float(center) : nil)
  }

  /// Identifies the result: the same for equal weights in equal schemes.
  var key: String { "\(recipe)(\(source.key))" }

  /// Equal for weights of one shape that are quantized in the same way.
  private var recipe: String {
    "quantized(\(scheme.dtype.rawValue),\(scheme.mode.rawValue),\(scheme.fit.rawValue),"
      + "\(importance?.key ?? ""),\(layout.blockShape))"
  }

  /// How `part` follows from the weight.
  func derivation(_ part: String) -> SourceDerivation {
    SourceDerivation("\(part) \(layout.shape) \(recipe)", of: source)
  }

  /// The integer codes, in the shape of the weight.
  package var codes: any WeightSource { QuantizedCodes(self) }

  /// The scales, in the dtype of the weight. `shape` has as many elements as there are blocks.
  package func scales(shape: [Int]) -> any WeightSource { QuantizedScales(self, shape: shape) }

  /// The zero points, in the dtype of the codes.
  package func offsets(shape: [Int]) -> any WeightSource { QuantizedOffsets(self, shape: shape) }

  var elementSize: Int { isHalf ? 2 : 4 }

  /// Elements of the source that are worked on at a time: few enough for the second-level cache.
  static let chunk = 1 << 16
}

// MARK: - Elements

extension QuantizedWeight {
  /// Whether the weight is without infinities and NaNs. Reads all of it, and remembers the scales.
  func isFinite() throws -> Bool {
    do {
      _ = try ParallelTiles.map(count: layout.panels, tile: panelsPerChunk) { chunks in
        for chunk in chunks { _ = try parameters(chunk) }
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
    try Scratch.withBytes(range.count * elementSize) { buffer in
      try source.read(range, into: buffer)
      guard let start = buffer.baseAddress else {
        throw Diagnostic.error(.internalError, "an empty tile of weight '\(name)'")
      }
      return try body(UnsafeRawPointer(start))
    }
  }

  /// The importance of the elements of `range`; nil if all are equal.
  func withImportance<Result>(
    _ range: Range<Int>, _ body: (UnsafePointer<Float>?) throws -> Result
  ) rethrows -> Result {
    guard let importance else { return try body(nil) }
    return try Scratch.withBytes(range.count * MemoryLayout<Float>.stride) { buffer in
      let floats = buffer.bindMemory(to: Float.self)
      if let start = floats.baseAddress { importance.expand(range, into: start) }
      return try body(floats.baseAddress.map { UnsafePointer($0) })
    }
  }
}

extension Diagnostic {
  static func notFinite(_ name: String) -> Diagnostic {
    .error(
      .notRepresentable,
      "weight '\(name)' holds an infinity or a NaN, which no scale can represent",
      fix: "leave it as it is with --exclude '\(name)'")
  }
}
