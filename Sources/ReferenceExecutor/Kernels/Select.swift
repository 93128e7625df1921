// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// `a` where `cond`, else `b`, with broadcasting.
  static let select = Kernel("select", moves: true) { call in
    let condition = try call.integerTensor("cond")
    let values = try call.pair("a", "b")
    let shape = try call.broadcast([condition.shape, values.shape])
    let chosen = try call.expanded(condition, to: shape).ints
    let a = try call.expanded(values.x, to: shape).words
    let b = try call.expanded(values.y, to: shape).words
    let y = try call.make(values.x.dtype, shape)
    let target = y.words
    for i in 0..<y.count { target[i] = chosen[i] != 0 ? a[i] : b[i] }
    return y
  }
}
