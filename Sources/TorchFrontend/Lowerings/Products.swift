// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Products over axes other than those of a matrix product, and distances.
  static let products: [ATenLowering] = [
    ATenLowering("aten.tensordot.default") { call, build in
      let (x, y) = (try call.value("self"), try call.value("other"))
      let (p, q) = (try build.rank(of: x), try build.rank(of: y))
      return try build.tensordot(
        call.floatValue("self"), call.floatValue("other"),
        call.has("dims_self") && !call.ints("dims_self").isEmpty
          ? call.axes("dims_self", rank: p) : [],
        call.has("dims_other") && !call.ints("dims_other").isEmpty
          ? call.axes("dims_other", rank: q) : [])
    },
    ATenLowering("aten.inner.default") { call, build in
      let (x, y) = (try call.floatValue("self"), try call.floatValue("other"))
      let (p, q) = (try build.rank(of: x), try build.rank(of: y))
      if p == 0 || q == 0 { return try build.mil.mul(x: x, y: y) }
      return try build.tensordot(x, y, [p - 1], [q - 1])
    },
    ATenLowering("aten.kron.default") { call, build in try kron(call, build) },
    ATenLowering("aten.linalg_cross.default", "aten.cross.default") { call, build in
      try cross(call, build)
    },
    ATenLowering("aten.linalg_vecdot.default") { call, build in
      let product = try build.mil.mul(x: call.floatValue("x"), y: call.floatValue("y"))
      let axis = try call.axis("dim", rank: build.rank(of: product), default: -1)
      return try build.mil.reduce_sum(x: product, axes: .ints([axis]), keep_dims: false)
    },
    ATenLowering("aten.linalg_multi_dot.default", "aten.chain_matmul.default") { call, build in
      let name = call.has("tensors") ? "tensors" : "matrices"
      let factors = try call.values(name).map { try build.cast($0, to: .float32) }
      guard let first = factors.first else { throw call.fault("multiplies no matrices") }
      return try factors.dropFirst().reduce(first) { try build.matmul($0, $1) }
    },
    ATenLowering("aten.addr.default") { call, build in
      let column = try build.mil.expand_dims(x: call.floatValue("vec1"), axes: [1])
      let row = try build.mil.expand_dims(x: call.floatValue("vec2"), axes: [0])
      let product = try build.scale(
        build.mil.mul(x: column, y: row), by: call.float("alpha", default: 1))
      let beta = try call.float("beta", default: 1)
      if beta == 0 { return product }
      return try build.mil.add(x: build.scale(call.floatValue("self"), by: beta), y: product)
    },
    ATenLowering("aten.cdist.default", "aten._cdist_forward.default") { call, build in
      let (x, y) = (try call.floatValue("x1"), try call.floatValue("x2"))
      let (p, q) = (try build.rank(of: x), try build.rank(of: y))
      let rows = try build.mil.expand_dims(x: x, axes: .ints([p - 1]))
      let columns = try build.mil.expand_dims(x: y, axes: .ints([q - 2]))
      return try build.norm(
        build.mil.sub(x: rows, y: columns), order: call.float("p", default: 2),
        axes: [max(p, q)], keep: false, call)
    },
    ATenLowering("aten.dist.default") { call, build in
      let (x, y) = try call.promoted("self", "other", to: .float32)
      let gap = try build.flattened(build.mil.sub(x: x, y: y))
      return try build.norm(
        gap, order: call.float("p", default: 2), axes: [0], keep: false, call)
    },
    ATenLowering("aten.pairwise_distance.default") { call, build in
      let gap = try build.mil.sub(x: call.floatValue("x1"), y: call.floatValue("x2"))
      return try build.norm(
        build.mil.add(x: gap, y: .float(call.float("eps", default: 1e-6))),
        order: call.float("p", default: 2), axes: [build.rank(of: gap) - 1],
        keep: call.bool("keepdim", default: false), call)
    },
    ATenLowering("aten.renorm.default") { call, build in
      let x = try call.floatValue("self")
      let rank = try build.rank(of: x)
      let axis = try call.axis("dim", rank: rank)
      let limit = try call.float("maxnorm")
      let length = try build.norm(
        x, order: call.float("p"), axes: (0..<rank).filter { $0 != axis }, keep: true, call)
      let factor = try build.mil.real_div(
        x: .float(limit), y: build.mil.add(x: length, y: 1e-7))
      let isLong = try build.mil.greater(x: length, y: .float(limit))
      return try build.mil.mul(x: x, y: build.mil.select(cond: isLong, a: factor, b: 1.0))
    },
    ATenLowering("aten.linalg_norm.default") { call, build in
      let x = try call.floatValue("self")
      let rank = try build.rank(of: x)
      let keep = try call.bool("keepdim", default: false)
      guard call.has("ord") else {
        let axes = try call.axes("dim", rank: rank).sorted()
        return try build.norm(x, order: 2, axes: axes, keep: keep, call)
      }
      let axes = try call.axes("dim", rank: rank)
      let order = try call.float("ord")
      return axes.count == 1
        ? try build.norm(x, order: order, axes: axes, keep: keep, call)
        : try build.matrixNorm(call, order: order)
    },
    ATenLowering("aten.linalg_matrix_norm.default") { call, build in
      try build.matrixNorm(call, order: call.float("ord"))
    },
    ATenLowering("aten.linalg_matrix_norm.str_ord") { call, build in
      let order = try call.string("ord", default: "fro")
      guard order == "fro" else { throw call.fault("'ord' is '\(order)', not 'fro'") }
      return try build.matrixNorm(call, order: nil)
    },
  ]

  private static func kron(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let (x, y) = try call.promoted("self", "other")
    let (p, q) = (try build.shape(of: x), try build.shape(of: y))
    let rank = max(p.count, q.count)
    guard rank <= 2 else { throw call.fault("'kron' of tensors of rank \(rank) is not supported") }
    let a = Array(repeating: Dim.fixed(1), count: rank - p.count) + p
    let b = Array(repeating: Dim.fixed(1), count: rank - q.count) + q
    let product = try build.mil.mul(
      x: build.reshape(x, to: a.flatMap { [$0, 1] }),
      y: build.reshape(y, to: b.flatMap { [1, $0] })
    )
    return try build.reshape(product, to: zip(a, b).map { $0 * $1 })
  }

  /// `a[1] b[2] - a[2] b[1]` and its rotations, along an axis of extent 3.
  private static func cross(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let (x, y) = try call.promoted("self", "other")
    let rank = try build.rank(of: x)
    var axis = try call.axis("dim", rank: rank, default: -1)
    if !call.has("dim"), call.node.operatorName == "cross" {
      guard let first = try build.shape(of: x).firstIndex(of: 3) else {
        throw call.fault("has no axis of extent 3")
      }
      axis = first
    }
    func turned(_ value: Value, _ order: [Int]) throws -> Value {
      try build.mil.gather(x: value, indices: .ints(order), axis: .int(axis))
    }
    return try build.mil.sub(
      x: build.mil.mul(x: turned(x, [1, 2, 0]), y: turned(y, [2, 0, 1])),
      y: build.mil.mul(x: turned(x, [2, 0, 1]), y: turned(y, [1, 2, 0])))
  }
}

extension FunctionBuilder {
  /// The sum of products over the axes `p` of `x` and `q` of `y`; the other axes follow in order.
  func tensordot(_ x: Value, _ y: Value, _ p: [Int], _ q: [Int]) throws -> Value {
    let (a, b) = (try shape(of: x), try shape(of: y))
    let left = a.indices.filter { !p.contains($0) }
    let right = b.indices.filter { !q.contains($0) }
    func extent(_ shape: [Dim], _ axes: [Int]) -> Dim { axes.reduce(1) { $0 * shape[$1] } }
    let rows = try reshape(
      permuted(x, left + p), to: [extent(a, left), extent(a, p)])
    let columns = try reshape(
      permuted(y, q + right), to: [extent(b, q), extent(b, right)])
    return try reshape(
      mil.matmul(x: rows, y: columns), to: left.map { a[$0] } + right.map { b[$0] })
  }

  /// `x` with its axes in `order`.
  func permuted(_ x: Value, _ order: [Int]) throws -> Value {
    order == Array(order.indices) ? x : try mil.transpose(x: x, perm: .ints(order))
  }

  /// The `order`-norm of vectors along `axes`.
  func norm(
    _ x: Value, order: Double, axes: [Int], keep: Bool, _ call: TorchCall
  ) throws -> Value {
    let (axes, keep) = (Value.ints(axes), Value.bool(keep))
    switch order {
    case 0:
      let flags = try cast(mil.not_equal(x: x, y: 0.0), to: .float32)
      return try mil.reduce_sum(x: flags, axes: axes, keep_dims: keep)
    case 1: return try mil.reduce_l1_norm(x: x, axes: axes, keep_dims: keep)
    case 2: return try mil.reduce_l2_norm(x: x, axes: axes, keep_dims: keep)
    case .infinity: return try mil.reduce_max(x: mil.abs(x: x), axes: axes, keep_dims: keep)
    case -.infinity: return try mil.reduce_min(x: mil.abs(x: x), axes: axes, keep_dims: keep)
    default:
      let powers = try mil.pow(x: mil.abs(x: x), y: .float(order))
      let sum = try mil.reduce_sum(x: powers, axes: axes, keep_dims: keep)
      return try mil.pow(x: sum, y: .float(1 / order))
    }
  }

  /// A norm of matrices: Frobenius (`nil`), or the largest or smallest sum of columns or rows.
  fileprivate func matrixNorm(_ call: TorchCall, order: Double?) throws -> Value {
    let x = try call.floatValue("self")
    let rank = try rank(of: x)
    let axes = try call.has("dim") ? call.axes("dim", rank: rank) : [rank - 2, rank - 1]
    let keep = try call.bool("keepdim", default: false)
    guard axes.count == 2 else { throw call.fault("'dim' names \(axes.count) axes") }
    guard let order else {
      return try norm(x, order: 2, axes: axes.sorted(), keep: keep, call)
    }
    let summed: Int
    switch Swift.abs(order) {
    case 1: summed = axes[0]
    case .infinity: summed = axes[1]
    default: throw call.fault("'ord' is \(order): singular values are not supported")
    }
    let sums = try mil.reduce_sum(x: mil.abs(x: x), axes: .ints([summed]), keep_dims: true)
    let other = summed == axes[0] ? axes[1] : axes[0]
    let result = try emit(
      order > 0 ? "reduce_max" : "reduce_min",
      ["x": sums, "axes": .ints([other]), "keep_dims": true])[0]
    return keep ? result : try mil.squeeze(x: result, axes: .ints(axes.sorted()))
  }
}
