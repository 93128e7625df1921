// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Linear quantization, in the arithmetic of floats.
  static let quantize: [ONNXLowering] = [
    ONNXLowering(
      "DequantizeLinear", since: 10, "x x_scale x_zero_point?",
      attributes: "axis block_size output_dtype", result: .by { try $0.dtype("x_scale") }
    ) { node, build in
      if let weight = try build.dequantizedWeight(node) { return weight }
      let grid = try QuantizationGrid(
        node, build, data: "x", scale: "x_scale", zero: "x_zero_point")
      let target = try node.type("x_scale").dtype
      var x = try node.value("x")
      if let zero = grid.zero { x = try build.mil.sub(x: x, y: zero) }
      return try build.mil.mul(x: build.cast(x, to: target), y: grid.scale)
    },
    ONNXLowering(
      "QuantizeLinear", since: 10, "x y_scale y_zero_point?",
      attributes: "axis block_size output_dtype precision saturate",
      result: .by { try $0.quantizedType() }
    ) { node, build in
      let grid = try QuantizationGrid(
        node, build, data: "x", scale: "y_scale", zero: "y_zero_point")
      let dtype = try node.quantizedType()
      let scaled = try build.mil.real_div(x: node.value("x"), y: grid.scale)
      return try build.quantized(scaled, zero: grid.zero, dtype, node)
    },
    .custom("DynamicQuantizeLinear", since: 11, "x") { node, build in
      let x = try node.value("x")
      let axes = Value.ints(Array(0..<(try node.rank("x"))))
      let high = try build.mil.maximum(x: build.mil.reduce_max(x: x, axes: axes), y: .float(0))
      let low = try build.mil.minimum(x: build.mil.reduce_min(x: x, axes: axes), y: .float(0))
      let scale = try build.mil.real_div(x: build.mil.sub(x: high, y: low), y: .float(255))
      let start = try build.mil.real_div(x: build.mil.sub(x: .float(0), y: low), y: scale)
      let clipped = try build.mil.minimum(
        x: build.mil.maximum(x: build.mil.round(x: start), y: .float(0)), y: .float(255))
      let zero = try build.cast(clipped, to: .int32)
      let y = try build.quantized(
        build.mil.real_div(x: x, y: scale), zero: zero, .uint8, node)
      return [ONNXValue(y, .uint8), ONNXValue(scale, .float32), ONNXValue(zero, .uint8)]
    },
  ]
}

/// Scales and zero points, shaped to broadcast against the data.
struct QuantizationGrid {
  let scale: Value
  let zero: Value?

  init(
    _ node: NodeCall, _ build: FunctionBuilder, data: String, scale: String, zero: String
  ) throws {
    let shape = try node.shape(data)
    let block = try node.int("block_size", default: 0)
    func shaped(_ value: Value) throws -> Value {
      let own = try build.shape(of: value)
      if own.isEmpty || own == [1] && shape.count != 1 { return try build.single(value) }
      let axis = try build.axis(node.int("axis", default: 1), rank: shape.count, node)
      if own.count == 1 && block == 0 {
        var extents = shape.map { _ in Dim.fixed(1) }
        extents[axis] = own[0]
        return try build.reshape(value, to: extents)
      }
      guard block > 0, own.count == shape.count else {
        throw node.fault(.malformed, "input '\(scale)' has shape \(own) for data of shape \(shape)")
      }
      // Every element of a block has the scale of the block.
      let wide = try build.mil.expand_dims(x: value, axes: .ints([axis + 1]))
      var repeats = [Int](repeating: 1, count: shape.count + 1)
      repeats[axis + 1] = block
      let tiled = try build.mil.tile(x: wide, reps: .ints(repeats))
      var merged = own
      merged[axis] = own[axis] * .fixed(block)
      let whole = try build.reshape(tiled, to: merged)
      if merged[axis] == shape[axis] { return whole }
      return try build.slice(whole, axis: axis, from: 0, to: shape[axis].fixed)
    }
    self.scale = try shaped(node.value(scale))
    self.zero = try node.optional(zero).map(shaped)
  }
}

extension NodeCall {
  /// The element type that `QuantizeLinear` gives.
  fileprivate func quantizedType() throws -> DType {
    if has("y_zero_point") { return try dtype("y_zero_point") }
    return try elementType("output_dtype") ?? .uint8
  }
}

extension FunctionBuilder {
  /// `round(x) + zero`, kept within `dtype`.
  func quantized(
    _ x: Value, zero: Value?, _ dtype: DType, _ node: NodeCall
  ) throws -> Value {
    guard dtype.isInteger, dtype.bitWidth <= 16 else {
      throw node.fault(.unsupportedType, "quantizes to \(dtype.rawValue), which is not supported")
    }
    var y = try mil.round(x: x)
    if let zero { y = try mil.add(x: y, y: cast(zero, to: self.dtype(of: y))) }
    let low = dtype.isUnsignedInteger ? 0 : -(1 << (dtype.bitWidth - 1))
    let high = low + (1 << dtype.bitWidth) - 1
    let clipped = try mil.clip(x: y, alpha: .float(Double(low)), beta: .float(Double(high)))
    return try cast(clipped, to: .int32)
  }
}
