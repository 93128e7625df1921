// SPDX-License-Identifier: Apache-2.0
import Compression

extension QuantizationSettings {
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
    /// By a search for the least squared error: the usual way.
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
      fit: Fit = .error
    ) {
      self.elementType = elementType
      self.granularity =
        granularity ?? (elementType == .int4 || elementType == .uint4 ? .block(32) : .perChannel)
      self.mode = mode
      self.fit = fit
    }
  }
}

extension QuantizationSettings.Scheme {
  /// The same in the words of the compressor. Throws `.usage` for an impossible scheme.
  func values() throws -> CompressionScheme.Values {
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
