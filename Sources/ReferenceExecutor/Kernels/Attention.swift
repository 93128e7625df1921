// SPDX-License-Identifier: Apache-2.0
import CKernels
import Tensors

extension Kernel {
  /// `softmax(query * key.T / sqrt(E) + mask) * value`, each batch on its own.
  ///
  /// A bool mask is true where a position takes part: the others get -inf. A row in which none does
  /// follows the formula and gives NaN.
  static let scaledDotProductAttention = Kernel("scaled_dot_product_attention") { call in
    let query = try call.floatTensor("query")
    let key = try call.floatTensor("key")
    let value = try call.floatTensor("value")
    let (q, k, v) = (query.shape, key.shape, value.shape)
    guard q.count >= 3, k.count == q.count, v.count == q.count, k.dropLast(2) == q.dropLast(2),
      v.dropLast(2) == q.dropLast(2), q.last == k.last, k[k.count - 2] == v[v.count - 2]
    else { throw call.fault("shapes \(q), \(k) and \(v) do not fit each other") }
    let scores = try call.product(of: query, false, key, true)
    let scale = 1 / Float(q[q.count - 1]).squareRoot()
    for i in 0..<scores.count { scores.floats[i] *= scale }
    if let mask = try call.optionalTensor("attn_mask") { try call.apply(mask, to: scores) }
    let columns = k[k.count - 2]
    if scores.count > 0 {
      mpk_softmax_rows(
        scores.floats.baseAddress, scores.floats.baseAddress, scores.count / columns, columns)
    }
    return try call.product(of: scores, false, value, false)
  }
}

extension KernelCall {
  fileprivate func apply(_ mask: Tensor, to scores: Tensor) throws {
    guard try broadcast([mask.shape, scores.shape]) == scores.shape else {
      throw fault("'attn_mask' of shape \(mask.shape) does not fit scores of \(scores.shape)")
    }
    let full = try expanded(mask, to: scores.shape)
    for i in 0..<scores.count {
      if mask.isFloat {
        scores.floats[i] += full.floats[i]
      } else if full.ints[i] == 0 {
        scores.floats[i] = -.infinity
      }
    }
  }
}
