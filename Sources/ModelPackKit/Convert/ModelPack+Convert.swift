// SPDX-License-Identifier: Apache-2.0
import CoreMLPackage
public import Diagnostics

extension ModelPack {
  /// Converts the source of `request` and writes the package to `output`, whole or not at all.
  ///
  /// - Parameter progress: called with the bytes of weights written so far, and in all.
  /// - Parameter warn: called with what a user should know although the conversion goes on.
  /// - Returns: what became of each weight, where the request quantizes.
  @discardableResult
  public static func convert(
    _ request: ConversionRequest, to output: String, overwrite: Bool = false,
    progress: (@Sendable (Int, Int) -> Void)? = nil, warn: @escaping (Diagnostic) -> Void = { _ in }
  ) throws -> QuantizationSummary? {
    let (package, summary) = try Converter(request, warn: warn).package()
    try package.write(to: output, overwrite: overwrite, progress: progress)
    return summary
  }
}
