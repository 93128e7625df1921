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
    switch (scheme.pruning, scheme.values) {
    case (nil, .linear(let scheme)): try linear(scheme)
    case (nil, .palette(let scheme)): try palette(scheme)
    default:
      throw Diagnostic.error(.unsupportedArgument, "weights cannot be compressed to '\(scheme)'")
    }
  }
}
