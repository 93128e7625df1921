// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Reductions along axes: an attribute at first, an input later (`ReduceSum` from opset 13,
  /// the others from 18 on).
  static let reduce: [ONNXLowering] = [
    ("ReduceL1", "reduce_l1_norm", 0), ("ReduceL2", "reduce_l2_norm", 0),
    ("ReduceLogSum", "reduce_log_sum", -Double.infinity),
    ("ReduceLogSumExp", "reduce_log_sum_exp", -Double.infinity),
    ("ReduceMax", "reduce_max", -Double.infinity), ("ReduceMean", "reduce_mean", Double.nan),
    ("ReduceMin", "reduce_min", Double.infinity), ("ReduceProd", "reduce_prod", 1),
    ("ReduceSum", "reduce_sum", 0), ("ReduceSumSquare", "reduce_sum_square", 0),
  ].flatMap { source, mil, empty in
    [
      ONNXLowering(
        source, "data", attributes: "axes keepdims", fold: fold(source) { try $0.ints("axes") }
      ) {
        node, build in try build.reduce(node, mil, empty, axes: node.ints("axes"))
      },
      ONNXLowering(
        source, since: source == "ReduceSum" ? 13 : 18, "data axes?",
        attributes: "keepdims noop_with_empty_axes",
        fold: fold(source) { try $0.constantInts("axes") }
      ) { node, build in
        let axes = try node.constantInts("axes")
        if axes?.isEmpty ?? true, try node.flag("noop_with_empty_axes") {
          return try build.reduce(node, mil, empty, axes: [])
        }
        return try build.reduce(node, mil, empty, axes: axes?.isEmpty ?? true ? nil : axes)
      },
    ]
  }

  /// Products of extents: how models count elements.
  private static func fold(
    _ source: String, _ axes: @escaping @Sendable (NodeCall) throws -> [Int]?
  ) -> Fold? {
    guard source == "ReduceProd" || source == "ReduceSum" else { return nil }
    return { node in
      guard let data = try node.known("data"), data.rank == 1, let dims = data.dims,
        try axes(node).map({ $0 == [0] || $0 == [-1] }) ?? true,
        try !node.flag("noop_with_empty_axes") || axes(node)?.isEmpty == false
      else { return nil }
      let total = source == "ReduceProd" ? Dim.product(dims) : dims.reduce(.fixed(0)) { $0 + $1 }
      return Known(try node.flag("keepdims", default: true) ? [1] : [], .integers([total]))
    }
  }
}

extension FunctionBuilder {
  /// `axes` is `nil` for all of them.
  fileprivate func reduce(
    _ node: NodeCall, _ mil: String, _ empty: Double, axes: [Int]?
  ) throws -> Value {
    let (x, shape) = (try node.value("data"), try node.shape("data"))
    let keeps = try node.flag("keepdims", default: true)
    let axes =
      try axes.map { try self.axes($0, rank: shape.count, node).sorted() }
      ?? Array(shape.indices)
    if shape.isEmpty || axes.isEmpty { return try elementwise(mil, x) }
    if axes.contains(where: { shape[$0] == 0 }) {
      let rest = shape.enumerated().compactMap { axis, extent in
        axes.contains(axis) ? (keeps ? 1 : nil) : extent
      }
      let dtype = try self.dtype(of: x)
      return try fill(rest, Self.emptyResult(empty, dtype), dtype)
    }
    return try rounded(mil, x) { x in
      try emit(mil, ["x": x, "axes": .ints(axes), "keep_dims": .bool(keeps)])[0]
    }
  }

  /// What a reduction of nothing gives in `dtype`.
  private static func emptyResult(_ value: Double, _ dtype: DType) -> Double {
    switch dtype {
    case .bool: value > 0 ? 1 : 0
    case .int32 where value.isInfinite: Double(value < 0 ? Int32.min : Int32.max)
    default: value
    }
  }

  /// The reduction of every element by itself.
  private func elementwise(_ reduction: String, _ x: Value) throws -> Value {
    switch reduction {
    case "reduce_l1_norm", "reduce_l2_norm": try mil.abs(x: x)
    case "reduce_log_sum": try mil.log(x: x)
    case "reduce_sum_square": try mil.mul(x: x, y: x)
    default: x
    }
  }

  /// Bools go through integers; means, norms and logarithms of integers through floats.
  private func rounded(
    _ mil: String, _ x: Value, _ body: (Value) throws -> Value
  ) throws -> Value {
    let dtype = try self.dtype(of: x)
    if dtype == .bool { return try cast(body(cast(x, to: .int32)), to: .bool) }
    let isExact = ["reduce_max", "reduce_min", "reduce_prod", "reduce_sum"].contains(mil)
    if dtype.isFloat || isExact { return try body(x) }
    return try cast(body(cast(x, to: .float32)), to: dtype)
  }
}
