// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Products of 8-bit integers, in float32: sums stay exact up to 2^24.
  static let integerProducts: [ONNXLowering] = [
    ONNXLowering(
      "MatMulInteger", since: 10, "A B a_zero_point? b_zero_point?", result: .dtype(.int32)
    ) { node, build in
      let a = try build.shifted("A", by: "a_zero_point", rows: true, node)
      let b = try build.shifted("B", by: "b_zero_point", rows: false, node)
      return try build.cast(build.product(a, b), to: .int32)
    },
    ONNXLowering(
      "ConvInteger", since: 10, "X W x_zero_point? w_zero_point?",
      attributes: "auto_pad dilations group kernel_shape pads strides", result: .dtype(.int32)
    ) { node, build in
      try build.cast(
        build.integerConv(node, xZero: "x_zero_point", wZero: "w_zero_point"), to: .int32)
    },
    ONNXLowering(
      "QLinearMatMul", since: 10,
      "a a_scale a_zero_point b b_scale b_zero_point y_scale y_zero_point",
      result: .by { try $0.dtype("y_zero_point") }
    ) { node, build in
      let a = try build.shifted("a", by: "a_zero_point", rows: true, node)
      let b = try build.shifted("b", by: "b_zero_point", rows: false, node)
      let left = try build.mil.mul(x: a, y: build.column(node.value("a_scale"), rows: true))
      let right = try build.mil.mul(x: b, y: build.column(node.value("b_scale"), rows: false))
      let scaled = try build.mil.real_div(
        x: build.product(left, right), y: build.column(node.value("y_scale"), rows: true))
      return try build.quantized(
        scaled, zero: build.column(node.value("y_zero_point"), rows: true),
        node.dtype("y_zero_point"), node)
    },
    ONNXLowering(
      "QLinearConv", since: 10,
      "X x_scale x_zero_point W w_scale w_zero_point y_scale y_zero_point B?",
      attributes: "auto_pad dilations group kernel_shape pads strides",
      result: .by { try $0.dtype("y_zero_point") }
    ) { node, build in
      var y = try build.integerConv(node, xZero: "x_zero_point", wZero: "w_zero_point")
      let rank = try build.rank(of: y)
      if let bias = try node.optional("B") {
        y = try build.mil.add(
          x: y, y: build.perChannel(build.cast(bias, to: .float32), rank: rank))
      }
      let factor = try build.mil.real_div(
        x: build.mil.mul(
          x: build.single(node.value("x_scale")), y: build.channels("w_scale", rank, node)),
        y: build.single(node.value("y_scale")))
      return try build.quantized(
        build.mil.mul(x: y, y: factor), zero: build.single(node.value("y_zero_point")),
        node.dtype("y_zero_point"), node)
    },
  ]
}

extension FunctionBuilder {
  /// An integer operand minus its zero point, in float32.
  fileprivate func shifted(
    _ name: String, by zero: String, rows: Bool, _ node: NodeCall
  ) throws -> Value {
    let x = try cast(node.value(name), to: .float32)
    guard let point = try node.optional(zero) else { return x }
    return try mil.sub(x: x, y: column(cast(point, to: .float32), rows: rows))
  }

  /// A parameter per row as a column; any other as it is.
  fileprivate func column(_ parameter: Value, rows: Bool) throws -> Value {
    let shape = try self.shape(of: parameter)
    let parameter = try dtype(of: parameter) == .float16 ? cast(parameter, to: .float32) : parameter
    if shape == [1] { return try single(parameter) }
    return shape.count == 1 && rows ? try mil.expand_dims(x: parameter, axes: [1]) : parameter
  }

  /// A parameter of one number, or one for each output channel.
  fileprivate func channels(_ name: String, _ rank: Int, _ node: NodeCall) throws -> Value {
    let value = try node.value(name)
    let shape = try self.shape(of: value)
    return shape.count == 1 && shape != [1] ? try perChannel(value, rank: rank) : try single(value)
  }

  /// A kernel that is computed when the model runs, minus a zero point or one per output channel.
  private func shiftedKernel(_ node: NodeCall, _ zero: String) throws -> Value {
    let kernel = try cast(node.value("W"), to: .float32)
    guard let point = try node.optional(zero) else { return kernel }
    var shape = try self.shape(of: kernel).map { _ in Dim.fixed(1) }
    shape[0] = try self.shape(of: point).first ?? 1
    return try mil.sub(x: kernel, y: reshape(cast(point, to: .float32), to: shape))
  }

  /// The convolution of integers minus their zero points.
  fileprivate func integerConv(_ node: NodeCall, xZero: String, wZero: String) throws -> Value {
    let x = try shifted("X", by: xZero, rows: false, node)
    let window = try SpatialWindow(
      node, kernel: node.kernel("W"), extents: Array(node.shape("X").dropFirst(2)))
    let weight: Value
    if let data = try node.weight("W")?.materialized(),
      let zeros = try node.has(wZero) ? node.constantInts(wZero) : [0]
    {
      let size = max(data.count / max(data.shape[0], 1), 1)
      let shifted = data.ints.enumerated().map { index, code in
        Double(code - (zeros.count == 1 ? zeros[0] : zeros[index / size]))
      }
      weight = .constant(.numbers(try TensorData(shifted, as: .float32, shape: data.shape)))
    } else {
      weight = try shiftedKernel(node, wZero)
    }
    return try mil.conv(
      x: x, weight: weight, strides: .ints(window.strides), pad_type: .string(window.padType),
      pad: window.padType == "custom" ? .ints(window.interleaved) : nil,
      dilations: .ints(window.dilations), groups: .int(node.int("group", default: 1)))
  }
}
