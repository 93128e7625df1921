// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

/// What a weight is compressed to: which of its elements are kept, and how those are stored.
package struct CompressionScheme: Hashable, Sendable {
  package enum Values: Hashable, Sendable {
    /// As they are.
    case dense
    case linear(QuantizationScheme)
    case palette(PaletteScheme)
  }

  /// Which elements become zeros that are not stored; `nil` keeps all.
  package var pruning: PruningScheme?
  package var values: Values

  package init(pruning: PruningScheme? = nil, _ values: Values) {
    self.pruning = pruning
    self.values = values
  }

  package static func linear(_ scheme: QuantizationScheme) -> CompressionScheme {
    CompressionScheme(.linear(scheme))
  }

  package static func palette(_ scheme: PaletteScheme) -> CompressionScheme {
    CompressionScheme(.palette(scheme))
  }
}

extension CompressionScheme: CustomStringConvertible {
  /// `int4 symmetric, blocks of 32`; `sparse 50 %, 4-bit palette (k-means), per tensor`.
  package var description: String {
    let stored: String? =
      switch values {
      case .dense: nil
      case .linear(let scheme): scheme.description
      case .palette(let scheme): scheme.description
      }
    return [pruning?.description, stored].compactMap { $0 }.joined(separator: ", ")
  }
}

extension Diagnostic {
  /// A form of weights that a later target has.
  static func needs(_ target: Opset, _ what: String, _ opset: Opset) -> Diagnostic {
    .error(
      .unsupportedByTarget, "\(what) need the target \(target), and the model is for \(opset)",
      fix: "convert the model with --target \(target) or later")
  }
}
