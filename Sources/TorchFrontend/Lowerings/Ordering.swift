// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Order statistics and searches in sorted sequences.
  static let ordering: [ATenLowering] = [
    ATenLowering("aten.msort.default") { call, build in
      let x = try call.numericValue("self")
      return try build.rank(of: x) == 0 ? x : build.sorted(x, axis: 0).values
    },
    .several("aten.kthvalue.default") { call, build in
      let count = try call.int("k")
      return try ranked(call, build) { extent in
        guard (1...max(extent, 1)).contains(count) else {
          throw call.fault("'k' is \(count) for \(extent) elements")
        }
        return count - 1
      }
    },
    .several("aten.median.dim") { call, build in try ranked(call, build) { ($0 - 1) / 2 } },
    ATenLowering("aten.median.default") { call, build in
      let x = try build.flattened(call.numericValue("self"))
      let extent = try extent(call, build, x, 0)
      return try ViewStep.select(axis: 0, index: .fixed((extent - 1) / 2)).apply(
        to: build.sorted(x, axis: 0).values, build)
    },
    ATenLowering("aten.quantile.scalar") { call, build in
      let (sorted, axis) = try quantileOperand(call, build)
      return try build.reshape(
        quantile(call.float("q"), of: sorted, axis: axis, call, build), to: call.resultShape())
    },
    ATenLowering("aten.quantile.default") { call, build in
      guard let fractions = try build.constant(of: call.value("q"))?.smallTensor() else {
        throw call.fault("'q' is not a constant", fix: "export with fixed quantiles")
      }
      let (sorted, axis) = try quantileOperand(call, build)
      let parts = try fractions.doubles.map {
        try quantile($0, of: sorted, axis: axis, call, build)
      }
      return try build.reshape(
        build.mil.stack(values: .many(parts), axis: 0), to: call.resultShape())
    },
    ATenLowering("aten.bucketize.Tensor", "aten.bucketize.Scalar") { call, build in
      try place(call, build, "self", in: "boundaries")
    },
    ATenLowering("aten.searchsorted.Tensor", "aten.searchsorted.Scalar") { call, build in
      try place(call, build, "self", in: "sorted_sequence")
    },
    .several("aten.aminmax.default") { call, build in
      try ["reduce_min", "reduce_max"].map { try build.reduced(call, $0) }
    },
  ]

  /// The element of rank `place(extent)` along `dim`, and where it was.
  private static func ranked(
    _ call: TorchCall, _ build: FunctionBuilder, _ place: (Int) throws -> Int
  ) throws -> [Value] {
    let x = try call.numericValue("self")
    let rank = try build.rank(of: x)
    if rank == 0 { return [x, .int(0)] }
    let axis = try call.axis("dim", rank: rank, default: -1)
    let index = try place(extent(call, build, x, axis))
    let (values, order) = try build.sorted(x, axis: axis)
    let keeps = try call.bool("keepdim", default: false)
    let step: ViewStep =
      keeps
      ? .slice(axis: axis, start: .fixed(index), extent: 1, step: 1)
      : .select(axis: axis, index: .fixed(index))
    return [try step.apply(to: values, build), try step.apply(to: order, build)]
  }

  private static func extent(
    _ call: TorchCall, _ build: FunctionBuilder, _ x: Value, _ axis: Int
  ) throws -> Int {
    guard let extent = try build.shape(of: x)[axis].fixed, extent > 0 else {
      throw call.fault(
        "'\(call.node.operatorName)' of an empty or flexible axis is not supported",
        fix: "export with a fixed size")
    }
    return extent
  }

  private static func quantileOperand(
    _ call: TorchCall, _ build: FunctionBuilder
  ) throws -> (Value, Int) {
    var x = try call.floatValue("self")
    if !call.has("dim") { x = try build.flattened(x) }
    let axis = try call.has("dim") ? call.axis("dim", rank: build.rank(of: x)) : 0
    return (try build.sorted(x, axis: axis).values, axis)
  }

  private static func quantile(
    _ fraction: Double, of sorted: Value, axis: Int, _ call: TorchCall, _ build: FunctionBuilder
  ) throws -> Value {
    let count = try extent(call, build, sorted, axis)
    guard (0...1).contains(fraction) else { throw call.fault("'q' is \(fraction), not in 0...1") }
    let exact = Float(fraction) * Float(count - 1)
    var position = exact
    var share: Float?
    switch try call.string("interpolation", default: "linear") {
    case "linear": share = exact - exact.rounded(.down)
    case "lower": position = exact.rounded(.down)
    case "higher": position = exact.rounded(.up)
    case "nearest": position = exact.rounded(.toNearestOrEven)
    case "midpoint": share = exact == exact.rounded() ? 0 : 0.5
    case let mode: throw call.fault("'interpolation' is '\(mode)'")
    }
    let low = try build.part(
      sorted, axis: axis, from: .fixed(Int(position.rounded(.down))), count: 1)
    guard let share, share > 0 else { return low }
    let high = try build.part(
      sorted, axis: axis, from: .fixed(Int(position.rounded(.up))), count: 1)
    let reach = try build.mil.sub(x: high, y: low)
    return try build.mil.add(x: low, y: build.scale(reach, by: Double(share)))
  }

  /// How many elements of a sorted sequence lie before each value.
  private static func place(
    _ call: TorchCall, _ build: FunctionBuilder, _ name: String, in sequence: String
  ) throws -> Value {
    if call.has("sorter") { throw call.fault("'sorter' is not supported", fix: "sort before") }
    let (values, edges) = try call.promoted(name, sequence)
    var isRight = try call.bool("right", default: false)
    if call.has("side") { isRight = try call.string("side") == "right" }
    let rank = try build.rank(of: edges)
    let x = try build.mil.expand_dims(x: values, axes: .ints([build.rank(of: values)]))
    let line = try rank == 1 ? edges : build.mil.expand_dims(x: edges, axes: .ints([rank - 1]))
    let isBefore =
      try isRight ? build.mil.less_equal(x: line, y: x) : build.mil.less(x: line, y: x)
    return try build.mil.reduce_sum(
      x: build.cast(isBefore, to: .int32), axes: [-1], keep_dims: false)
  }
}

extension FunctionBuilder {
  /// `x` in ascending order along `axis`, and the places its elements had.
  func sorted(_ x: Value, axis: Int) throws -> (values: Value, order: Value) {
    let order = try mil.argsort(x: x, axis: .int(axis), ascending: true)
    return (try mil.gather_along_axis(x: x, indices: order, axis: .int(axis)), order)
  }

  /// `x` as a vector.
  func flattened(_ x: Value) throws -> Value {
    try reshape(x, to: [shape(of: x).reduce(1) { $0 * $1 }])
  }
}
