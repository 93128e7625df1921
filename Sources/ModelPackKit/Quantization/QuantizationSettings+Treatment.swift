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
