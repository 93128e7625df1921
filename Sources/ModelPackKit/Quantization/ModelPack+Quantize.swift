// SPDX-License-Identifier: Apache-2.0
import Compression
import CoreMLPackage
import Diagnostics

extension ModelPack {
  /// Quantizes the weights of the package at `path` and writes the result to `output`.
  ///
  /// Weights are read, encoded and written a tile at a time.
  /// - Parameters:
  ///   - choosing: called with the bytes of the weights for which `settings.target` tried everything,
  ///     and of all.
  ///   - progress: called with the bytes of weights written so far, and in all.
  public static func quantize(
    _ path: String, to output: String, _ settings: QuantizationSettings, overwrite: Bool = false,
    choosing: (@Sendable (Int, Int) -> Void)? = nil,
    progress: (@Sendable (Int, Int) -> Void)? = nil
  ) throws -> QuantizationSummary {
    var package = try ModelPackage(contentsOf: path)
    let original = package.program
    let place = try settings.report.map { try TextOutput($0, overwrite: overwrite) }
    let file = try settings.target.map { try TextOutput($0.chosen, overwrite: overwrite) }
    let choice = try settings.target.map {
      try TargetSearch(package, settings, $0, progress: choosing).run()
    }
    let quantizer = try (choice?.settings ?? settings).quantizer()
    let report: CompressionReport
    do {
      report = try quantizer.run(&package.program)
    } catch let list as DiagnosticList {
      throw DiagnosticList(list.diagnostics.map { $0.inFile(path) })
    }
    try package.write(to: output, overwrite: overwrite, progress: progress)
    var summary = QuantizationSummary(report)
    if let choice, let target = settings.target {
      try file?.write(target.text(choice.settings, choice.plan, from: path))
      summary.target = .init(choice.plan, target)
    }
    guard settings.measuresError || place != nil else { return summary }
    // What was written is what is measured.
    let written = try ModelPackage(contentsOf: output).program
    let measurement = try QuantizationMeasurement(before: original, after: written)
    summary.add(measurement)
    try place?.write(WeightPage(WeightReport(measurement, summary, from: path, to: output)).html)
    return summary
  }
}
