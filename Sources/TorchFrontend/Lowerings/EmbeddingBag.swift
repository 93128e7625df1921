// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Sums, means and maxima of embeddings per bag.
  static let embeddingBags: [ATenLowering] = [
    .custom(
      "aten.embedding_bag.default", "aten.embedding_bag.padding_idx", "aten._embedding_bag.default",
      "aten._embedding_bag_forward_only.default"
    ) { call, build in
      let result = try call.result(embeddingBag(call, build), build)
      return [result] + call.metas.dropFirst().map { _ in .none }
    }
  ]

  private static func embeddingBag(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let mode = try call.int("mode", default: 0)
    let indices = try call.value("indices")
    let rows = try build.gather(call.floatValue("weight"), indices, axis: 0)
    let bags = try bags(call, build, count: build.shape(of: indices)[0])
    let shape = try call.resultShape()
    guard shape.count == 2 else { throw call.fault("the result has rank \(shape.count), not 2") }
    // A padding index is not part of its bag.
    var kept: Value?
    if call.has("padding_idx"), try call.int("padding_idx") >= 0 {
      let isKept = try build.mil.not_equal(x: indices, y: .int(call.int("padding_idx")))
      kept = try build.mil.expand_dims(x: build.cast(isKept, to: .float32), axes: [1])
    }
    func summed(_ rows: Value, _ shape: [Dim]) throws -> Value {
      try build.scatter(
        build.filled(build.scalarConstant(0, .float32), shape), at: bags, rows, axis: 0, mode: "add"
      )
    }
    var counted = rows
    if call.has("per_sample_weights") {
      let weights = try build.mil.expand_dims(
        x: call.floatValue("per_sample_weights"), axes: [1])
      counted = try build.mil.mul(x: rows, y: weights)
    }
    if let kept { counted = try build.mil.mul(x: counted, y: kept) }
    if mode == 0 { return try summed(counted, shape) }
    let ones = try build.expand(
      kept ?? build.filled(build.scalarConstant(1, .float32), [build.shape(of: indices)[0], 1]),
      to: [build.shape(of: indices)[0], 1])
    let sizes = try summed(ones, [shape[0], 1])
    if mode == 1 {
      return try build.mil.real_div(
        x: summed(counted, shape), y: build.mil.maximum(x: sizes, y: 1.0))
    }
    guard mode == 2 else { throw call.fault("'mode' is \(mode)") }
    var candidates = rows
    if let kept {
      let isGone = try build.broadcast(
        build.mil.equal(x: kept, y: 0.0), to: build.shape(of: rows))
      candidates = try build.mil.select(cond: isGone, a: .float(-.infinity), b: rows)
    }
    let peaks = try build.scatter(
      build.filled(build.scalarConstant(-.infinity, .float32), shape), at: bags, candidates,
      axis: 0, mode: "max")
    // An empty bag gives zeros.
    let isEmpty = try build.broadcast(build.mil.equal(x: sizes, y: 0.0), to: shape)
    return try build.mil.select(cond: isEmpty, a: 0.0, b: peaks)
  }

  /// The bag of each index: how many bags begin at or before it, less one.
  private static func bags(
    _ call: TorchCall, _ build: FunctionBuilder, count: Dim
  ) throws -> Value {
    var offsets = try call.value("offsets")
    if try call.bool("include_last_offset", default: false) {
      guard let bags = try build.shape(of: offsets).first else {
        throw call.fault("argument 'offsets' has no axis")
      }
      offsets = try build.part(offsets, axis: 0, from: 0, count: bags - 1)
    }
    let places = try build.mil.expand_dims(x: build.counting(to: count), axes: [1])
    let starts = try build.mil.expand_dims(x: offsets, axes: [0])
    let begun = try build.cast(build.mil.less_equal(x: starts, y: places), to: .int32)
    let before = try build.mil.reduce_sum(x: begun, axes: [1], keep_dims: false)
    return try build.mil.sub(x: before, y: 1)
  }
}
