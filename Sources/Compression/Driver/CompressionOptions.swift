// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// What `WeightCompressor` is asked to do.
package struct CompressionOptions: Sendable {
  /// The scheme of every weight that no rule speaks of; `nil` leaves those alone.
  package var scheme: CompressionScheme?
  /// Weights of this many elements or fewer are left alone, as coremltools does.
  package var minElements = 2048
  /// If not empty, only weights that match one of these are quantized.
  package var include: [NamePattern] = []
  package var exclude: [NamePattern] = []
  /// Settings of their own for some weights; the last rule that fits decides.
  package var rules: [Rule] = []
  package var indivisible = Indivisible.perChannel
  /// What errors matter how much to `QuantizationScheme.Fit.error`.
  package var importance: ImportanceTable?

  /// What to do with a weight that the blocks do not divide.
  package enum Indivisible: Hashable, Sendable {
    /// Quantize it per channel, and say so.
    case perChannel
    case refuse
  }

  /// Settings for some weights: those that fit in every respect in which the rule says something.
  package struct Rule: Sendable {
    /// The names of constants themselves; any if empty.
    package var weights: Set<String>
    /// Names of weights, operations or modules; any if empty.
    package var names: [NamePattern]
    /// MIL operations (`linear`); any if empty.
    package var operations: [String]
    /// `nil` leaves the weights alone.
    package var scheme: CompressionScheme?
    package var minElements: Int?

    package init(
      weights: Set<String> = [], names: [NamePattern] = [], operations: [String] = [],
      scheme: CompressionScheme?, minElements: Int? = nil
    ) {
      self.weights = weights
      self.names = names
      self.operations = operations
      self.scheme = scheme
      self.minElements = minElements
    }
  }

  package init(_ scheme: CompressionScheme?) {
    self.scheme = scheme
  }
}

/// What became of each weight.
package struct CompressionReport: Sendable {
  /// One constant that an operation uses as its weight.
  package struct Entry: Sendable {
    package var function: String
    package var name: String
    /// The MIL operations that use it, each once, sorted.
    package var operations: [String]
    package var shape: [Int]
    package var dtype: DType
    /// What it was quantized to; `nil` if it was left as it is.
    package var scheme: CompressionScheme?
    package var bytesBefore: Int
    package var bytesAfter: Int
    /// What it became.
    package var compressed: (any CompressedWeight)?
    /// Why it is not what was asked for.
    package var note: String?
  }

  package var entries: [Entry] = []

  package init() {}

  package var quantized: [Entry] { entries.filter { $0.scheme != nil } }
  package var leftAlone: [Entry] { entries.filter { $0.scheme == nil } }
  package var bytesBefore: Int { entries.reduce(0) { $0 + $1.bytesBefore } }
  package var bytesAfter: Int { entries.reduce(0) { $0 + $1.bytesAfter } }
}
