// SPDX-License-Identifier: Apache-2.0
package import Compression
import Diagnostics

/// How weights are quantized.
public struct QuantizationSettings: Sendable {
  /// Which elements share a scale.
  public enum Granularity: Hashable, Sendable {
    case block(Int)
    case perChannel
    case perTensor
  }

  public enum Mode: String, Hashable, Sendable, CaseIterable {
    case symmetric, asymmetric
  }

  /// How the scale of a block is found.
  public enum Fit: String, Hashable, Sendable, CaseIterable {
    /// From the smallest and largest element, exactly as coremltools does.
    case minMax = "min-max"
    /// By a search for the least squared error.
    case error
  }

  /// Codes and blocks of a weight.
  public struct Scheme: Hashable, Sendable {
    /// int4, uint4, int8 or uint8.
    public var elementType: ElementType
    public var granularity: Granularity
    public var mode: Mode
    public var fit: Fit

    /// Without a granularity: blocks of 32 for 4 bits, per channel for 8.
    public init(
      _ elementType: ElementType, _ granularity: Granularity? = nil, _ mode: Mode = .symmetric,
      fit: Fit = .minMax
    ) {
      self.elementType = elementType
      self.granularity =
        granularity ?? (elementType == .int4 || elementType == .uint4 ? .block(32) : .perChannel)
      self.mode = mode
      self.fit = fit
    }
  }

  /// Settings for some weights; of several that fit, the last decides.
  public struct Rule: Sendable {
    /// Patterns of weights, operations or modules (`*`, `?`); any if empty.
    public var names: [String]
    /// MIL operations (`linear`); any if empty.
    public var operations: [String]
    /// nil leaves the weights as they are.
    public var scheme: Scheme?
    public var minElements: Int?

    public init(
      names: [String] = [], operations: [String] = [], scheme: Scheme?, minElements: Int? = nil
    ) {
      self.names = names
      self.operations = operations
      self.scheme = scheme
      self.minElements = minElements
    }
  }

  /// What happens to weights that no rule fits; nil leaves them as they are.
  public var scheme: Scheme?
  /// Instead of `scheme`: weights that no rule fits are palettized.
  public var palette: Palette?
  /// Which elements become zeros first, in all weights that are compressed; on its own, the others
  /// are stored as they are.
  public var pruning: Pruning?
  /// Weights of this many elements or fewer are left as they are.
  public var minElements = 2048
  /// If not empty, only weights that match one of these are quantized.
  public var include: [String] = []
  public var exclude: [String] = []
  public var rules: [Rule] = []
  /// Throw where blocks do not divide a weight, which otherwise is quantized per channel.
  public var refusesIndivisible = false
  /// Report how far each quantized weight is from the original.
  public var measuresError = false
  /// An HTML page to write about what was done, which measures the errors too.
  public var report: String?
  /// Path of an .npz with, by name of weight, one number per input channel: how much errors there
  /// matter to `Fit.error`. Weights without one matter everywhere the same.
  public var importanceFile: String?

  public init(_ scheme: Scheme?) {
    self.scheme = scheme
  }
}

extension QuantizationSettings {
  /// The quantizer that does this. Throws `.usage` for an impossible scheme.
  package func quantizer() throws -> WeightCompressor { WeightCompressor(try options()) }

  /// The same in the words of the quantizer. Throws `.usage` for an impossible scheme.
  package func options() throws -> CompressionOptions {
    var options = CompressionOptions(try palette?.scheme() ?? scheme?.scheme())
    options.minElements = minElements
    options.include = include.map { NamePattern($0) }
    options.exclude = exclude.map { NamePattern($0) }
    options.rules = try rules.map {
      .init(
        names: $0.names.map { NamePattern($0) }, operations: $0.operations,
        scheme: try $0.scheme?.scheme(), minElements: $0.minElements)
    }
    options.indivisible = refusesIndivisible ? .refuse : .perChannel
    if let pruning = try pruning?.scheme() {
      options.scheme = CompressionScheme(pruning: pruning, options.scheme?.values ?? .dense)
      for index in options.rules.indices { options.rules[index].scheme?.pruning = pruning }
    }
    options.importance = try importanceFile.map { try ImportanceTable(contentsOf: $0) }
    return options
  }
}

extension QuantizationSettings.Scheme {
  func scheme() throws -> CompressionScheme {
    let blocks: QuantizationScheme.Granularity =
      switch granularity {
      case .block(let size): .block(size)
      case .perChannel: .perChannel
      case .perTensor: .perTensor
      }
    return .linear(
      try QuantizationScheme(
        elementType.dtype, blocks, mode == .symmetric ? .symmetric : .asymmetric,
        fit: fit == .error ? .error : .minMax))
  }
}
