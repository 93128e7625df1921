// SPDX-License-Identifier: Apache-2.0
package import MIL
package import Tensors

/// A weight seen through a compression scheme. Everything it stores is a recipe over the weight's
/// own source; nothing is computed before it is read.
package protocol CompressedWeight: AnyObject, Sendable {
  /// The weight that was given, float16 or float32.
  var source: any WeightSource { get }
  /// Equal for equal weights in equal schemes.
  var key: String { get }
  var scheme: CompressionScheme { get }

  /// How the weight is stored in `opset`.
  ///
  /// Throws `.unsupportedByTarget`, naming the target that is needed, where the opset cannot
  /// express it.
  func expression(in opset: Opset) throws -> WeightExpression

  /// Whether the weight is without infinities and NaNs. Reads all of it.
  func isFinite() throws -> Bool
  /// How far the stored values are from the weight. Reads all of it.
  func error() throws -> WeightError
}
