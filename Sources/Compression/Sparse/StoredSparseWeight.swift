// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

/// A weight that a package stores sparse: its elements as they are, without a further scheme.
struct StoredSparseWeight {
  let mask: any SparseMask
  /// The dense weight.
  let source: any WeightSource
  let byteCount: Int

  /// `nil` unless `expression` is a `constexpr_sparse_to_dense` of constants, the elements float16 or
  /// float32.
  init?(_ expression: WeightExpression) throws {
    guard case .result(let operation, _) = expression,
      operation.type == "constexpr_sparse_to_dense",
      let shape = expression.type?.fixedShape,
      case .constant(let values)? = operation["nonzero_data"],
      case .constant(let bits)? = operation["mask"], let bits = bits.source,
      let dtype = values.type.tensor?.dtype, dtype == .float16 || dtype == .float32
    else { return nil }
    mask = try StoredMask(bits, shape: shape)
    source = try expression.decoded()
    byteCount = expression.byteCount
  }
}
