// SPDX-License-Identifier: Apache-2.0
package import Compression
import Diagnostics

/// How weights are compressed.
public struct QuantizationSettings: Hashable, Sendable {
  /// Settings for some weights: those that fit in every respect in which the rule says something.
  /// Of several rules that fit, the last decides, and says all about the weight.
  public struct Rule: Hashable, Sendable {
    /// The names of weights themselves, without wildcards; any if empty. To name one that the model
    /// does not have is an error.
    public var weights: [String]
    /// Patterns of weights, operations or modules (`*`, `?`); any if empty.
    public var names: [String]
    /// MIL operations (`linear`); any if empty.
    public var operations: [String]
    /// nil leaves the weights as they are.
    public var treatment: Treatment?
    /// Instead of `QuantizationSettings.minElements`.
    public var minElements: Int?

    public init(
      weights: [String] = [], names: [String] = [], operations: [String] = [],
      _ treatment: Treatment?, minElements: Int? = nil
    ) {
      self.weights = weights
      self.names = names
      self.operations = operations
      self.treatment = treatment
      self.minElements = minElements
    }
  }

  /// What happens to weights that no rule fits; nil leaves them as they are.
  public var treatment: Treatment?
  /// Weights of this many elements or fewer are left as they are.
  public var minElements = 2048
  /// If not empty, only weights that match one of these are compressed.
  public var include: [String] = []
  public var exclude: [String] = []
  public var rules: [Rule] = []
  /// Throw where blocks do not divide a weight, which otherwise is quantized per channel.
  public var refusesIndivisible = false
  /// Report how far each compressed weight is from the original.
  public var measuresError = false
  /// An HTML page to write about what was done, which measures the errors too.
  public var report: String?
  /// Path of an .npz with, by name of weight, one number per input channel: how much errors there
  /// matter to `Fit.error`. Weights without one matter everywhere the same.
  public var importanceFile: String?

  /// Instead of `treatment`: what the weights that no rule fits may take.
  public var target: WeightTarget?

  public init(_ treatment: Treatment? = nil) {
    self.treatment = treatment
  }

  public init(_ scheme: Scheme) {
    self.init(.linear(scheme))
  }
}

extension QuantizationSettings {
  /// The compressor that does this. Throws `.usage` for an impossible treatment.
  package func quantizer() throws -> WeightCompressor { WeightCompressor(try options()) }

  /// The same in the words of the compressor. Throws `.usage` for an impossible treatment.
  package func options() throws -> CompressionOptions {
    var options = CompressionOptions(try treatment?.scheme())
    options.minElements = minElements
    options.include = include.map { NamePattern($0) }
    options.exclude = exclude.map { NamePattern($0) }
    options.rules = try rules.map {
      .init(
        weights: Set($0.weights), names: $0.names.map { NamePattern($0) },
        operations: $0.operations, scheme: try $0.treatment?.scheme(), minElements: $0.minElements)
    }
    options.indivisible = refusesIndivisible ? .refuse : .perChannel
    options.importance = try importanceFile.map { try ImportanceTable(contentsOf: $0) }
    return options
  }
}
