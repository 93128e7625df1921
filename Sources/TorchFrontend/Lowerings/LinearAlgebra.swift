// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

extension ATenLowering {
  /// Matrix products.
  static let linearAlgebra: [ATenLowering] = [
    ATenLowering("aten.linear.default") { call, build in
      try build.linear(
        call.floatValue("input"), weight: call.floatValue("weight"),
        bias: call.has("bias") ? call.floatValue("bias") : nil)
    },
    ATenLowering(
      "aten.matmul.default", "aten.mm.default", "aten.bmm.default", "aten.__matmul__.default"
    ) { call, build in
      try build.matmul(
        call.floatValue("self"), call.floatValue(call.has("mat2") ? "mat2" : "other"))
    },
    ATenLowering("aten.mv.default") { call, build in
      try build.matmul(call.floatValue("self"), call.floatValue("vec"))
    },
    ATenLowering("aten.dot.default", "aten.vdot.default") { call, build in
      try build.matmul(call.floatValue("self"), call.floatValue("tensor"))
    },
    ATenLowering(
      "aten.addmm.default", "aten.addbmm.default", "aten.baddbmm.default", "aten.addmv.default"
    ) { call, build in
      try addmm(call, build)
    },
    ATenLowering("aten.outer.default", "aten.ger.default") { call, build in
      let x = try build.mil.expand_dims(x: call.floatValue("self"), axes: [1])
      let y = try build.mil.expand_dims(x: call.floatValue("vec2"), axes: [0])
      return try build.mil.mul(x: x, y: y)
    },
    ATenLowering("aten.einsum.default") { call, build in
      try build.einsum(
        call.string("equation"),
        call.tensors("tensors").map { try build.cast($0.value(build), to: .float32) }, call)
    },
    ATenLowering("aten.bilinear.default") { call, build in
      // y[.., o] = sum over i, j of a[.., i] w[o, i, j] b[.., j].
      let (a, b) = (try call.floatValue("input1"), try call.floatValue("input2"))
      let weight = try call.floatValue("weight")
      let rank = try build.rank(of: a)
      let partial = try build.tensordot(a, weight, [rank - 1], [1])
      let product = try build.mil.mul(
        x: partial, y: build.mil.expand_dims(x: b, axes: .ints([rank - 1])))
      let y = try build.mil.reduce_sum(x: product, axes: [-1], keep_dims: false)
      return try call.optionalFloat("bias").map { try build.mil.add(x: y, y: $0) } ?? y
    },
  ]

  /// `beta * self + alpha * (a @ b)`.
  private static func addmm(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let names =
      call.has("mat1")
      ? ("mat1", "mat2") : call.has("batch1") ? ("batch1", "batch2") : ("mat", "vec")
    let beta = try call.float("beta", default: 1)
    let alpha = try call.float("alpha", default: 1)
    let (a, b) = (try call.floatValue(names.0), try call.floatValue(names.1))
    let bias = try call.floatValue("self")
    // With a constant matrix and vector this is a linear layer with a transposed weight.
    if call.node.operatorName == "addmm", alpha == 1, beta == 1, build.constant(of: b) != nil,
      build.constant(of: bias) != nil, try build.rank(of: bias) == 1
    {
      return try build.linear(a, weight: build.mil.transpose(x: b, perm: [1, 0]), bias: bias)
    }
    var product = try build.matmul(a, b)
    if call.node.operatorName == "addbmm" {
      product = try build.mil.reduce_sum(x: product, axes: [0], keep_dims: false)
    }
    let scaled = try build.scale(product, by: alpha)
    return beta == 0 ? scaled : try build.mil.add(x: build.scale(bias, by: beta), y: scaled)
  }
}

extension FunctionBuilder {
  /// `x @ weight^T + bias`. A weight that is computed is multiplied with `matmul`.
  func linear(_ x: Value, weight: Value, bias: Value?) throws -> Value {
    let rank = try rank(of: x)
    let isConstant = isFoldable(weight) && (bias.map(isFoldable) ?? true)
    if isConstant, (1...3).contains(rank), try self.rank(of: weight) == 2 {
      return try mil.linear(x: x, weight: weight, bias: bias)
    }
    if try self.rank(of: weight) == 1 {
      let product = try matmul(x, weight)
      return try bias.map { try mil.add(x: product, y: $0) } ?? product
    }
    let lifted = rank == 1 ? try mil.expand_dims(x: x, axes: [0]) : x
    var y = try mil.matmul(x: lifted, y: weight, transpose_x: false, transpose_y: true)
    if rank == 1 { y = try mil.squeeze(x: y, axes: [0]) }
    return try bias.map { try mil.add(x: y, y: $0) } ?? y
  }

  /// Whether a value is, or will fold to, a constant.
  func isFoldable(_ value: Value) -> Bool { constant(of: value) != nil }

  /// Matrix product with PyTorch's rules for vectors and batches.
  func matmul(_ x: Value, _ y: Value) throws -> Value {
    let (p, q) = (try rank(of: x), try rank(of: y))
    guard p > 0, q > 0 else { throw Diagnostic.error(.malformed, at: origin, "matmul of a scalar") }
    let a = p == 1 ? try mil.expand_dims(x: x, axes: [0]) : x
    let b = q == 1 ? try mil.expand_dims(x: y, axes: [1]) : y
    var z = try mil.matmul(x: a, y: b)
    let rank = try self.rank(of: z)
    if p == 1, q == 1 {
      z = try mil.squeeze(x: z, axes: [0, 1])
    } else if p == 1 {
      z = try mil.squeeze(x: z, axes: .ints([rank - 2]))
    } else if q == 1 {
      z = try mil.squeeze(x: z, axes: .ints([rank - 1]))
    }
    return z
  }
}
