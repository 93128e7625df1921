// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

/// The schemes among which `BudgetPlanner` chooses.
package enum WeightBudget {
  package enum Family: String, Hashable, Sendable, CaseIterable {
    case linear, palette
  }

  /// The schemes that are tried in `opset`, in the order in which equals are preferred. Few of each
  /// family: between them lie all sizes, because weights are mixed.
  ///
  /// Throws `.unsupportedByTarget` where weights cannot be compressed.
  static func candidates(
    _ families: Set<Family>, in opset: Opset
  ) throws -> [CompressionScheme] {
    if opset < .iOS16 { throw Diagnostic.needs(.iOS16, "compressed weights", opset) }
    var schemes: [CompressionScheme] = []
    if families.contains(.linear) { schemes += try linear(opset) }
    if families.contains(.palette) { schemes += try palettes(opset) }
    return schemes
  }

  private static func linear(_ opset: Opset) throws -> [CompressionScheme] {
    var schemes = [try QuantizationScheme(.int8, .perChannel, fit: .error)]
    if opset >= .iOS18 {
      schemes.append(try QuantizationScheme(.int4, .perChannel, fit: .error))
      for size in [64, 32, 16] {
        schemes.append(try QuantizationScheme(.int4, .block(size), fit: .error))
      }
    }
    return schemes.map { .linear($0) }
  }

  private static func palettes(_ opset: Opset) throws -> [CompressionScheme] {
    if opset < .iOS18 {
      return try [1, 2, 4, 6, 8].map { .palette(try PaletteScheme(bits: $0)) }
    }
    let grouped = try [1, 2, 3, 4, 6].map {
      CompressionScheme.palette(try PaletteScheme(bits: $0, granularity: .outputGroups(16)))
    }
    return grouped + [.palette(try PaletteScheme(bits: 8))]
  }
}
