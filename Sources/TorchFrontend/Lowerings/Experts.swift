// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ATenLowering {
  /// What mixtures of experts are exported with: histograms and products by group of rows.
  static let experts: [ATenLowering] = [
    ATenLowering("aten.histc.default") { call, build in
      let x = try build.flattened(call.floatValue("self"))
      let bins = try call.int("bins", default: 100)
      let (low, high) = (try call.float("min", default: 0), try call.float("max", default: 0))
      guard bins > 0, low < high else {
        throw call.fault(
          "a histogram between \(low) and \(high) in \(bins) bins is not supported",
          fix: "give 'min' and 'max'")
      }
      let width = try build.mil.mul(
        x: build.mil.sub(x: x, y: .float(low)), y: .float(Double(bins) / (high - low)))
      // The last bin has its upper bound too.
      let bin = try build.mil.minimum(
        x: build.mil.floor(x: width), y: build.scalarConstant(Double(bins - 1), .float32))
      let isInside = try build.mil.logical_and(
        x: build.mil.greater_equal(x: x, y: .float(low)),
        y: build.mil.less_equal(x: x, y: .float(high)))
      let column = try build.mil.expand_dims(
        x: build.choose(
          isInside, bin, build.scalarConstant(-1, .float32), shape: build.shape(of: x)),
        axes: [1])
      let places = Value.constant(
        .numbers(try TensorData((0..<bins).map(Double.init), as: .float32, shape: [1, bins])))
      let hits = try build.cast(build.mil.equal(x: column, y: places), to: .float32)
      return try build.mil.reduce_sum(x: hits, axes: [0], keep_dims: false)
    },
    ATenLowering("transformers.grouped_mm_fallback.default") { call, build in
      try groupedProduct(call, build, "input", "weight")
    },
    ATenLowering("aten._grouped_mm.default") { call, build in
      guard !call.has("bias"), try build.rank(of: call.value("self")) == 2,
        try build.rank(of: call.value("mat2")) == 3, call.has("offs")
      else {
        throw call.fault(
          "only rows in groups with a matrix for each group are supported",
          fix: "write the groups as a batch")
      }
      return try groupedProduct(call, build, "self", "mat2")
    },
  ]

  /// Rows times the matrix of their group: group `e` ends before row `offs[e]`.
  ///
  /// All products are made and one is kept: how many rows a group has is only known at run time.
  private static func groupedProduct(
    _ call: TorchCall, _ build: FunctionBuilder, _ rows: String, _ matrices: String
  ) throws -> Value {
    let x = try call.floatValue(rows)
    let count = try build.shape(of: x)[0]
    let products = try build.mil.matmul(
      x: build.mil.expand_dims(x: x, axes: [0]), y: call.floatValue(matrices))
    let row = try build.counting(to: count)
    let end = try build.mil.expand_dims(x: call.value("offs"), axes: [1])
    // `row < end` is true for the row's group and those after it.
    let isBefore = try build.cast(
      build.mil.less(x: build.mil.expand_dims(x: row, axes: [0]), y: end), to: .float32)
    let groups = try build.shape(of: isBefore)[0]
    let earlier = try build.mil.concat(
      values: .many([
        build.filled(build.scalarConstant(0, .float32), [1, count]),
        ViewStep.slice(axis: 0, start: 0, extent: groups - 1, step: 1).apply(to: isBefore, build),
      ]), axis: 0)
    let isOwn = try build.mil.greater(x: build.mil.sub(x: isBefore, y: earlier), y: 0.5)
    let kept = try build.choose(
      build.mil.expand_dims(x: isOwn, axes: [2]), products, build.scalarConstant(0, .float32),
      shape: build.shape(of: products))
    return try build.mil.reduce_sum(x: kept, axes: [0], keep_dims: false)
  }
}
