// SPDX-License-Identifier: Apache-2.0
package import Compression

extension QuantizationSettings {
  /// What happens to a weight: which of its elements are kept, and how those are stored.
  public struct Treatment: Hashable, Sendable {
    public enum Values: Hashable, Sendable {
      /// As they are.
      case dense
      case linear(Scheme)
      case palette(Palette)
    }

    public var values: Values
    /// Which elements become zeros, of which none is stored; nil keeps all.
    public var pruning: Pruning?

    /// Dense values that are not pruned are weights left as they are, as without a treatment.
    public init(_ values: Values, pruning: Pruning? = nil) {
      self.values = values
      self.pruning = pruning
    }

    public static func linear(_ scheme: Scheme, pruning: Pruning? = nil) -> Treatment {
      Treatment(.linear(scheme), pruning: pruning)
    }

    public static func palette(_ palette: Palette, pruning: Pruning? = nil) -> Treatment {
      Treatment(.palette(palette), pruning: pruning)
    }

    /// The elements that are kept stay as they are.
    public static func sparse(_ pruning: Pruning) -> Treatment {
      Treatment(.dense, pruning: pruning)
    }
  }
}

extension QuantizationSettings.Treatment {
  /// The same in the words of the compressor; nil where nothing is to be done. Throws `.usage` for
  /// what is impossible.
  package func scheme() throws -> CompressionScheme? {
    let pruning = try pruning?.scheme()
    switch values {
    case .dense: return pruning.map { CompressionScheme(pruning: $0, .dense) }
    case .linear(let scheme): return CompressionScheme(pruning: pruning, try scheme.values())
    case .palette(let palette): return CompressionScheme(pruning: pruning, try palette.values())
    }
  }
}

extension QuantizationSettings.Treatment {
  /// The words of the settings for a scheme that keeps all elements.
  init(_ scheme: CompressionScheme) {
    switch scheme.values {
    case .dense: self.init(.dense)
    case .linear(let scheme): self.init(.linear(.init(scheme)))
    case .palette(let scheme): self.init(.palette(.init(scheme)))
    }
  }
}

extension QuantizationSettings.Scheme {
  fileprivate init(_ scheme: QuantizationScheme) {
    let granularity: QuantizationSettings.Granularity =
      switch scheme.granularity {
      case .block(let size): .block(size)
      case .perChannel: .perChannel
      case .perTensor: .perTensor
      }
    self.init(
      ElementType(scheme.dtype), granularity, scheme.mode == .symmetric ? .symmetric : .asymmetric,
      fit: scheme.fit == .error ? .error : .minMax)
  }
}

extension QuantizationSettings.Palette {
  fileprivate init(_ scheme: PaletteScheme) {
    self.init(bits: scheme.bits)
    switch scheme.mode {
    case .kmeans: mode = .kmeans
    case .uniform: mode = .uniform
    case .unique: mode = .unique
    case .table(let values): mode = .table(values)
    }
    switch scheme.granularity {
    case .perTensor: groupSize = nil
    case .outputGroups(let size): groupSize = size
    case .inputGroups(let size): (groupSize, groupAxis) = (size, .input)
    }
    clusterSize = scheme.clusterSize
    hasChannelScale = scheme.hasChannelScale
    tableType = scheme.tableDType.map { ElementType($0) }
  }
}
