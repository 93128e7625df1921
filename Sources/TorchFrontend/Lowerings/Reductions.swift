// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ATenLowering {
  static let reductions: [ATenLowering] = [
    reduction(["aten.sum.default", "aten.sum.dim_IntList"], "reduce_sum"),
    reduction(["aten.mean.default", "aten.mean.dim"], "reduce_mean", isFloat: true),
    reduction(["aten.amax.default", "aten.max.default"], "reduce_max"),
    reduction(["aten.amin.default", "aten.min.default"], "reduce_min"),
    reduction(["aten.prod.default", "aten.prod.dim_int"], "reduce_prod"),
    reduction(
      ["aten.logsumexp.default", "aten.special_logsumexp.default"], "reduce_log_sum_exp",
      isFloat: true),
    ATenLowering("aten.argmax.default") { call, build in try argument(call, build, "reduce_argmax")
    },
    ATenLowering("aten.argmin.default") { call, build in try argument(call, build, "reduce_argmin")
    },
    .several("aten.max.dim") { call, build in
      try extremum(call, build, "reduce_max", "reduce_argmax")
    },
    .several("aten.min.dim") { call, build in
      try extremum(call, build, "reduce_min", "reduce_argmin")
    },
    ATenLowering("aten.any.default", "aten.any.dim", "aten.any.dims") { call, build in
      try build.cast(build.reduced(call, "reduce_max", isFlag: true), to: .bool)
    },
    ATenLowering("aten.all.default", "aten.all.dim", "aten.all.dims") { call, build in
      try build.cast(build.reduced(call, "reduce_min", isFlag: true), to: .bool)
    },
    ATenLowering("aten.count_nonzero.default", "aten.count_nonzero.dim_IntList") { call, build in
      try build.reduced(call, "reduce_sum", isFlag: true)
    },
    ATenLowering("aten.var.correction", "aten.var.dim", "aten.var.default") { call, build in
      try variance(call, build)
    },
    ATenLowering("aten.std.correction", "aten.std.dim", "aten.std.default") { call, build in
      try build.mil.sqrt(x: variance(call, build))
    },
    .several("aten.var_mean.correction", "aten.var_mean.dim") { call, build in
      [try variance(call, build), try build.reduced(call, "reduce_mean", isFloat: true)]
    },
    .several("aten.std_mean.correction", "aten.std_mean.dim") { call, build in
      [
        try build.mil.sqrt(x: variance(call, build)),
        try build.reduced(call, "reduce_mean", isFloat: true),
      ]
    },
    ATenLowering(
      "aten.norm.Scalar", "aten.norm.ScalarOpt_dim", "aten.linalg_vector_norm.default",
      "aten.frobenius_norm.dim"
    ) { call, build in try norm(call, build) },
    ATenLowering("aten.cumsum.default") { call, build in
      let dtype = try call.resultDType()
      let x = try build.convert(call.value("self"), to: dtype)
      let rank = try build.rank(of: x)
      if rank == 0 { return x }
      return try build.mil.cumsum(x: x, axis: .int(call.axis("dim", rank: rank)))
    },
    .several("aten.topk.default") { call, build in
      let x = try call.numericValue("self")
      let axis = try call.axis("dim", rank: build.rank(of: x), default: -1)
      return try build.emit(
        "topk",
        [
          "x": x, "k": .int(call.int("k")), "axis": .int(axis),
          "ascending": .bool(!(try call.bool("largest", default: true))),
        ])
    },
    .several("aten.sort.default", "aten.sort.stable") { call, build in
      let x = try call.numericValue("self")
      let axis = try call.axis("dim", rank: build.rank(of: x), default: -1)
      let order = try build.mil.argsort(
        x: x, axis: .int(axis), ascending: .bool(!(try call.bool("descending", default: false))))
      return [try build.mil.gather_along_axis(x: x, indices: order, axis: .int(axis)), order]
    },
    ATenLowering("aten.argsort.default", "aten.argsort.stable") { call, build in
      let x = try call.numericValue("self")
      return try build.mil.argsort(
        x: x, axis: .int(call.axis("dim", rank: build.rank(of: x), default: -1)),
        ascending: .bool(!(try call.bool("descending", default: false))))
    },
    ATenLowering("aten.nansum.default") { call, build in
      try build.reduced(call, "reduce_sum", isFloat: true, skipsNaN: true)
    },
    ATenLowering("aten.nanmean.default") { call, build in
      let x = try call.floatValue("self")
      let isNumber = try build.cast(build.mil.equal(x: x, y: x), to: .float32)
      let rank = try build.rank(of: x)
      let count = try build.mil.reduce_sum(
        x: isNumber, axes: .ints(call.axes("dim", rank: rank)),
        keep_dims: .bool(call.bool("keepdim", default: false)))
      return try build.mil.real_div(
        x: build.reduced(call, "reduce_sum", isFloat: true, skipsNaN: true), y: count)
    },
    ATenLowering("aten.diff.default") { call, build in try difference(call, build) },
    ATenLowering("aten.cosine_similarity.default") { call, build in
      let (x, y) = (try call.floatValue("x1"), try call.floatValue("x2"))
      let axis = Value.ints([try call.axis("dim", rank: build.rank(of: x), default: 1)])
      let epsilon = Value.float(try call.float("eps", default: 1e-8))
      func length(_ v: Value) throws -> Value {
        try build.mil.maximum(
          x: build.mil.reduce_l2_norm(x: v, axes: axis, keep_dims: false), y: epsilon)
      }
      let dot = try build.mil.reduce_sum(x: build.mil.mul(x: x, y: y), axes: axis, keep_dims: false)
      return try build.mil.real_div(x: dot, y: build.mil.mul(x: length(x), y: length(y)))
    },
  ]

  private static func reduction(
    _ targets: [String], _ mil: String, isFloat: Bool = false
  ) -> ATenLowering {
    ATenLowering(table: targets) { call, build in try build.reduced(call, mil, isFloat: isFloat) }
  }

  private static func argument(
    _ call: TorchCall, _ build: FunctionBuilder, _ mil: String
  ) throws -> Value {
    let x = try call.numericValue("self")
    let rank = try build.rank(of: x)
    if rank == 0 { return .int(0) }
    if !call.has("dim") {
      let flat = try build.reshape(x, to: [build.shape(of: x).reduce(1) { $0 * $1 }])
      return try build.mil.squeeze(
        x: build.emit(mil, ["x": flat, "axis": 0, "keep_dims": true])[0], axes: [0])
    }
    return try build.emit(
      mil,
      [
        "x": x, "axis": .int(call.axis("dim", rank: rank)),
        "keep_dims": .bool(call.bool("keepdim", default: false)),
      ])[0]
  }

  private static func extremum(
    _ call: TorchCall, _ build: FunctionBuilder, _ value: String, _ index: String
  ) throws -> [Value] {
    let x = try call.numericValue("self")
    let rank = try build.rank(of: x)
    if rank == 0 { return [x, .int(0)] }
    let axis = try call.axis("dim", rank: rank)
    let keep = Value.bool(try call.bool("keepdim", default: false))
    return [
      try build.emit(value, ["x": x, "axes": .ints([axis]), "keep_dims": keep])[0],
      try build.emit(index, ["x": x, "axis": .int(axis), "keep_dims": keep])[0],
    ]
  }

  /// `sum((x - mean)^2) / (n - correction)`.
  private static func variance(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let x = try call.floatValue("self")
    let shape = try build.shape(of: x)
    let axes = try call.axes("dim", rank: shape.count)
    var correction = try call.float("correction", default: 1)
    if call.has("unbiased") { correction = try call.bool("unbiased") ? 1 : 0 }
    let mean = try build.mil.reduce_mean(x: x, axes: .ints(axes), keep_dims: true)
    let centered = try build.mil.sub(x: x, y: mean)
    let square = try build.mil.mul(x: centered, y: centered)
    let keep = Value.bool(try call.bool("keepdim", default: false))
    let biased = try build.mil.reduce_mean(x: square, axes: .ints(axes), keep_dims: keep)
    if correction == 0 { return biased }
    guard let count = axes.reduce(Dim.fixed(1), { $0 * shape[$1] }).fixed else {
      throw call.fault(
        "the unbiased variance of a flexible size is not supported", fix: "use correction=0")
    }
    return try build.scale(biased, by: Double(count) / (Double(count) - correction))
  }

  private static func norm(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let order = try call.float(call.has("p") ? "p" : "ord", default: 2)
    let x = try call.floatValue("self")
    let rank = try build.rank(of: x)
    if rank == 0 {
      let line = try build.mil.expand_dims(x: x, axes: [0])
      return try build.norm(line, order: order, axes: [0], keep: false, call)
    }
    return try build.norm(
      x, order: order, axes: call.axes("dim", rank: rank).sorted(),
      keep: call.bool("keepdim", default: false), call)
  }

  private static func difference(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    var x = try call.numericValue("self")
    let rank = try build.rank(of: x)
    let axis = try call.axis("dim", rank: rank, default: -1)
    let dtype = try build.dtype(of: x)
    let parts =
      try (call.has("prepend") ? [build.convert(call.value("prepend"), to: dtype)] : []) + [x]
      + (call.has("append") ? [build.convert(call.value("append"), to: dtype)] : [])
    if parts.count > 1 { x = try build.mil.concat(values: .many(parts), axis: .int(axis)) }
    let times = try call.int("n", default: 1)
    guard times <= 256, axis < rank else { throw call.fault("cannot be taken \(times) times") }
    for _ in 0..<times {
      let extent = try build.shape(of: x)[axis]
      let after = try ViewStep.slice(axis: axis, start: 1, extent: extent - 1, step: 1).apply(
        to: x, build)
      let before = try ViewStep.slice(axis: axis, start: 0, extent: extent - 1, step: 1).apply(
        to: x, build)
      x = try build.mil.sub(x: after, y: before)
    }
    return x
  }
}

extension FunctionBuilder {
  /// A reduction of `self` over `dim`, every axis where it is absent.
  ///
  /// - Parameters:
  ///   - isFlag: reduce whether elements differ from zero, as integers.
  ///   - skipsNaN: count what is not a number as zero.
  func reduced(
    _ call: TorchCall, _ mil: String, isFloat: Bool = false, isFlag: Bool = false,
    skipsNaN: Bool = false
  ) throws -> Value {
    var x = isFloat ? try call.floatValue("self") : try call.numericValue("self")
    if isFlag { x = try cast(convert(call.value("self"), to: .bool), to: .int32) }
    if skipsNaN { x = try self.mil.select(cond: self.mil.equal(x: x, y: x), a: x, b: 0.0) }
    let rank = try rank(of: x)
    if !isFlag, !isFloat, call.metas.first??.dtype.mil == .float32 { x = try cast(x, to: .float32) }
    if rank == 0 {
      // MIL reduces no scalars.
      let line = try self.mil.expand_dims(x: x, axes: [0])
      return try emit(mil, ["x": line, "axes": [0], "keep_dims": false])[0]
    }
    let axes = try call.axes("dim", rank: rank)
    let keep = try call.bool("keepdim", default: false)
    return try emit(mil, ["x": x, "axes": .ints(axes.sorted()), "keep_dims": .bool(keep)])[0]
  }
}
