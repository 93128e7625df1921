// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  static let attention: [ATenLowering] = [
    ATenLowering("aten.scaled_dot_product_attention.default") { call, build in
      try attend(call, build)
    },
    .custom(
      "aten._scaled_dot_product_flash_attention_for_cpu.default",
      "aten._scaled_dot_product_efficient_attention.default"
    ) { call, build in
      [try call.result(attend(call, build), build)] + call.metas.dropFirst().map { _ in .none }
    },
  ]

  /// softmax(scale * q k^T + mask) v: Core ML's operation from iOS 18 on, its parts before.
  private static func attend(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    guard try call.float("dropout_p", default: 0) == 0 else {
      throw call.fault("'dropout_p' is not 0", fix: "export the model in eval mode")
    }
    var query = try call.floatValue("query")
    var (key, value) = (try call.floatValue("key"), try call.floatValue("value"))
    let shape = try build.shape(of: query)
    guard shape.count >= 2, let width = shape.last?.fixed else {
      throw call.fault("the width of a head is not fixed")
    }
    (key, value) = (try grouped(key, shape, build), try grouped(value, shape, build))
    let scale = try call.float("scale", default: 1 / Double(width).squareRoot())
    let mask = try mask(call, build, query: shape, key: build.shape(of: key))
    var result: Value
    if build.opset >= .iOS18, shape.count >= 3 {
      // The operation scales by 1/sqrt(width) itself; the rest goes into the query.
      query = try build.scale(query, by: scale * Double(width).squareRoot())
      result = try build.mil.scaled_dot_product_attention(
        query: query, key: key, value: value, attn_mask: mask.added)
    } else {
      query = try build.scale(query, by: scale)
      var scores = try build.mil.matmul(x: query, y: key, transpose_x: false, transpose_y: true)
      if let added = mask.added { scores = try build.mil.add(x: scores, y: added) }
      result = try build.mil.matmul(x: build.mil.softmax(x: scores, axis: -1), y: value)
    }
    if let row = mask.row { result = try build.mil.mul(x: result, y: row) }
    return result
  }

  /// Keys or values with the batch axes of the query: heads repeated where groups share them.
  private static func grouped(_ x: Value, _ query: [Dim], _ build: FunctionBuilder) throws -> Value
  {
    let shape = try build.shape(of: x)
    guard shape.count == query.count, shape.count >= 3 else { return x }
    let batch = query.dropLast(2)
    if Array(shape.dropLast(2)) == Array(batch) { return x }
    let head = shape.count - 3
    if shape[head] != query[head], shape[head] != 1, let from = shape[head].fixed,
      let to = query[head].fixed, to % from == 0
    {
      // Head h of the query attends group h / (to / from).
      let repeats = to / from
      let lifted = try build.mil.expand_dims(x: x, axes: .ints([head + 1]))
      var wide = try build.shape(of: lifted)
      wide[head + 1] = .fixed(repeats)
      let repeated = try build.expand(lifted, to: wide)
      return try build.reshape(repeated, to: Array(batch) + shape.suffix(2))
    }
    return try build.expand(x, to: Array(batch) + shape.suffix(2))
  }

  /// What is added to the scores, and what the result is multiplied with.
  ///
  /// A boolean mask becomes an additive one, made once for all layers that share it: with the
  /// boolean itself a row that masks everything would be NaN. PyTorch gives zeros there, so the
  /// result is multiplied by whether anything in the row is visible.
  private static func mask(
    _ call: TorchCall, _ build: FunctionBuilder, query: [Dim], key: [Dim]
  ) throws -> (added: Value?, row: Value?) {
    let given = call.has("attn_mask") ? try call.tensor("attn_mask") : nil
    if try call.bool("is_causal", default: false) {
      guard given == nil else { throw call.fault("'is_causal' together with 'attn_mask'") }
      guard query.count >= 2, key.count >= 2 else { throw call.fault("needs rank 2 or more") }
      let visible = try build.triangleMask(
        rows: query[query.count - 2], columns: key[key.count - 2], diagonal: 0, lower: true)
      return (try added(visible, build), nil)
    }
    guard let given else { return (nil, nil) }
    let value = try given.value(build)
    guard given.dtype == .bool else { return (try build.cast(value, to: .float32), nil) }
    let row = try build.memoized("attention row \(value.key)") {
      let flags = try build.cast(value, to: .float32)
      return try build.mil.reduce_max(x: flags, axes: [-1], keep_dims: true)
    }
    return (try added(value, build), row)
  }

  private static func added(_ visible: Value, _ build: FunctionBuilder) throws -> Value {
    let lowest = Double(Float.greatestFiniteMagnitude)
    if let data = try build.constant(of: visible)?.tensorData() {
      let values = data.bools.map { $0 ? Float(0) : -Float(lowest) }
      return .constant(.numbers(TensorData(float32: values, shape: data.shape)))
    }
    return try build.memoized("attention mask \(visible.key)") {
      let hidden = try build.cast(build.mil.logical_not(x: visible), to: .float32)
      return try build.mil.mul(x: hidden, y: .float(-lowest))
    }
  }
}

extension Value {
  /// Equal for the same SSA value.
  fileprivate var key: String { id.map { "\($0.index)" } ?? "\(self)" }
}
