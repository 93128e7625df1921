// SPDX-License-Identifier: Apache-2.0
import CKernels

extension Kernel {
  /// `exp(x - max(x))` over its sum along an axis, the sum in float32 or wider. A lane of nothing
  /// but -inf gives NaN.
  static let softmax = Kernel("softmax") { call in
    let x = try call.floatTensor("x")
    let axis = try call.axis("axis", default: -1, rank: x.rank)
    let rows = try call.rows(x, along: [axis])
    let y =
      axis == x.rank - 1 ? try call.output(like: "x") : try call.make(x.dtype, rows.tensor.shape)
    if y.count > 0 {
      mpk_softmax_rows(
        rows.tensor.floats.baseAddress, y.floats.baseAddress, rows.count, rows.length)
    }
    return try call.restored(y, rows)
  }
}
