// SPDX-License-Identifier: Apache-2.0
import Compression
import CoreMLPackage
import Diagnostics

extension ModelPack {
  /// Quantizes the weights of the package at `path` and writes the result to `output`.
  ///
  /// Weights are read, encoded and written a tile at a time.
  /// - Parameter progress: called with the bytes of weights written so far, and in all.
  public static func quantize(
    _ path: String, to output: String, _ settings: QuantizationSettings, overwrite: Bool = false,
    progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws -> QuantizationSummary {
    var package = try ModelPackage(contentsOf: path)
    let quantizer = try settings.quantizer()
    var report: CompressionReport
    do {
      report = try quantizer.run(&package.program)
    } catch let list as DiagnosticList {
      throw DiagnosticList(list.diagnostics.map { $0.inFile(path) })
    }
    try package.write(to: output, overwrite: overwrite, progress: progress)
    if settings.measuresError { try report.addErrors() }
    return QuantizationSummary(report)
  }
}
