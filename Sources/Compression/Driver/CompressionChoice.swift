// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

/// Finds out what becomes of one weight.
struct CompressionChoice {
  enum Decision {
    case compress(any CompressedWeight, note: String?)
    case leave(String)
  }

  let weight: Weight
  let opset: Opset
  let options: CompressionOptions

  /// Throws `.unsupportedByTarget` where the opset cannot express `scheme`, and
  /// `.unsupportedArgument` where it does not fit the weight and that is refused.
  func decide(_ scheme: CompressionScheme) throws -> Decision {
    if let mask = weight.mask { return try sparse(mask, scheme) }
    if let pruning = scheme.pruning { return try pruned(pruning, scheme.values) }
    return try stored(scheme.values)
  }

  /// What becomes of the elements of a weight without thinking of zeros.
  func stored(_ values: CompressionScheme.Values) throws -> Decision {
    switch values {
    case .linear(let scheme): return try linear(scheme)
    case .palette(let scheme): return try palette(scheme)
    default:
      let scheme = CompressionScheme(values)
      throw Diagnostic.error(.unsupportedArgument, "weights cannot be compressed to '\(scheme)'")
    }
  }
}
