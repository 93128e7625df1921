// SPDX-License-Identifier: Apache-2.0
import Compression
import CoreMLPackage
import Diagnostics

extension ModelPack {
  /// Writes the package at `path` to `output` with every compressed weight as the dense values that
  /// it stands for; all else stays as it is.
  ///
  /// Weights are decoded and written a tile at a time.
  /// - Parameter progress: called with the bytes of weights written so far, and in all.
  public static func decompress(
    _ path: String, to output: String, overwrite: Bool = false,
    progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws -> DecompressionSummary {
    var package = try ModelPackage(contentsOf: path)
    let report: CompressionReport
    do {
      report = try WeightDecompressor.run(&package.program)
    } catch let list as DiagnosticList {
      throw DiagnosticList(list.diagnostics.map { $0.inFile(path) })
    }
    try package.write(to: output, overwrite: overwrite, progress: progress)
    return DecompressionSummary(report)
  }
}
