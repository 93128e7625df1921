// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL
import Tensors

/// Replaces weights by compressed ones:
///
///     %w = const(val: float16[768, 768])
///
/// becomes, from iOS 18 on,
///
///     %w = constexpr_blockwise_shift_scale(data: int4[768, 768], scale: float16[768, 24])
///
/// and before that
///
///     %w = constexpr_affine_dequantize(
///       quantized_data: int8[768, 768], zero_point: int8[768], scale: float16[768], axis: 0)
///
/// Nothing is computed here: codes and scales are recipes over the weight's own source. A weight
/// with several uses is compressed once.
package struct WeightCompressor {
  /// The MIL operations that have weights, sorted.
  package static let operations = WeightSearch.operands.keys.sorted()

  package let options: CompressionOptions

  package init(_ options: CompressionOptions) {
    self.options = options
  }

  /// Compresses the weights of every function of `program`.
  ///
  /// Throws `.unsupportedByTarget` where an opset cannot express a scheme, and
  /// `.unsupportedArgument` where blocks do not divide a weight and that is refused; all of them
  /// together. Throws `.usage` for names of `Rule.weights` that no weight has.
  package func run(_ program: inout Program) throws -> CompressionReport {
    var report = CompressionReport()
    var problems = DiagnosticCollector()
    // Functions may hold one weight each under a name of their own.
    var shared: [String: any CompressedWeight] = [:]
    for index in program.functions.indices {
      var rewriting = FunctionCompressor(
        options: options, function: program.functions[index], shared: shared)
      rewriting.run()
      program.functions[index] = rewriting.function
      report.entries += rewriting.entries
      // What the target lacks is the same for every weight.
      for problem in rewriting.problems.diagnostics where !problems.diagnostics.contains(problem) {
        problems.report(problem)
      }
      shared = rewriting.shared
    }
    checkImportance(report, &problems)
    // A weight that is in trouble has no entry.
    if !problems.hasErrors { checkRules(report, &problems) }
    try problems.throwIfErrors()
    return report
  }

  /// Reports an importance that belongs to no weight.
  private func checkImportance(_ report: CompressionReport, _ problems: inout DiagnosticCollector) {
    guard let importance = options.importance else { return }
    let weights = Set(report.entries.map(\.name))
    for name in importance.names where !weights.contains(name) {
      problems.report(
        .error(
          .usage, "there is an importance for '\(name)', and no weight has that name",
          fix: "name the arrays like the weights in 'modelpack inspect'"))
    }
  }

  /// Reports names of rules that belong to no weight.
  private func checkRules(_ report: CompressionReport, _ problems: inout DiagnosticCollector) {
    let named = options.rules.reduce(into: Set<String>()) { $0.formUnion($1.weights) }
    if named.isEmpty { return }
    let missing = named.subtracting(report.entries.map(\.name)).sorted()
    guard let first = missing.first else { return }
    let count = missing.count - 1
    let others = count == 0 ? "" : " (nor \(count) other\(count == 1 ? "" : "s") that rules name)"
    problems.report(
      .error(
        .usage, "a rule names the weight '\(first)', which the model does not have\(others)",
        fix: "name weights as 'modelpack inspect --weights' does; 'names' takes patterns"))
  }
}
