// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

extension ATenLowering {
  static let convolutions: [ATenLowering] = [
    ATenLowering(
      "aten.conv1d.default", "aten.conv2d.default", "aten.conv3d.default",
      "aten.conv1d.padding", "aten.conv2d.padding", "aten.conv3d.padding"
    ) { call, build in
      try convolve(call, build)
    },
    ATenLowering(
      "aten.convolution.default", "aten._convolution.default", "aten._convolution.deprecated"
    ) { call, build in
      try call.bool("transposed", default: false) ? transposed(call, build) : convolve(call, build)
    },
    ATenLowering(
      "aten.conv_transpose1d.default", "aten.conv_transpose2d.input", "aten.conv_transpose3d.input"
    ) { call, build in
      try transposed(call, build)
    },
  ]

  private static func convolve(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let weight = try call.floatValue("weight")
    let spatial = try build.rank(of: weight) - 2
    return try batched(call, build, spatial) { x in
      var pad: Value?
      var padType = "custom"
      if case .string(let mode) = call.arguments["padding"] {
        guard mode == "same" || mode == "valid" else { throw call.fault("'padding' is '\(mode)'") }
        padType = mode
        if mode == "same" {
          // PyTorch puts the odd element of the padding after the data.
          pad = .ints(try samePadding(call, build, weight, spatial))
          padType = "custom"
        }
      } else {
        pad = .ints(try call.perAxis("padding", spatial, default: 0).flatMap { [$0, $0] })
      }
      let bias = try call.optionalFloat("bias")
      let y = try build.mil.conv(
        x: x, weight: weight, bias: bias.flatMap { build.constant(of: $0) != nil ? $0 : nil },
        strides: .ints(call.perAxis("stride", spatial, default: 1)), pad_type: .string(padType),
        pad: pad, dilations: .ints(call.perAxis("dilation", spatial, default: 1)),
        groups: .int(call.int("groups", default: 1)))
      guard let bias, build.constant(of: bias) == nil else { return y }
      return try build.mil.add(x: y, y: build.perChannel(bias, rank: spatial + 2))
    }
  }

  private static func samePadding(
    _ call: TorchCall, _ build: FunctionBuilder, _ weight: Value, _ spatial: Int
  ) throws -> [Int] {
    let shape = try build.shape(of: weight)
    let dilation = try call.perAxis("dilation", spatial, default: 1)
    return try (0..<spatial).flatMap { axis -> [Int] in
      guard let kernel = shape[axis + 2].fixed else {
        throw call.fault("the kernel's size is not fixed")
      }
      let total = dilation[axis] * (kernel - 1)
      return [total / 2, total - total / 2]
    }
  }

  private static func transposed(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let weight = try call.floatValue("weight")
    let spatial = try build.rank(of: weight) - 2
    return try batched(call, build, spatial) { x in
      let strides = try call.perAxis("stride", spatial, default: 1)
      let padding = try call.perAxis("padding", spatial, default: 0)
      let extra = try call.perAxis("output_padding", spatial, default: 0)
      // Padding of the output is padding of the result that is not cut off at the end; beyond
      // what there is to cut, only the bias reaches.
      let pad = (0..<spatial).flatMap { [padding[$0], max(padding[$0] - extra[$0], 0)] }
      let beyond = (0..<spatial).map { max(extra[$0] - padding[$0], 0) }
      let isLonger = beyond.contains { $0 > 0 }
      let bias = try call.optionalFloat("bias")
      let isFused = !isLonger && (bias.map { build.constant(of: $0) != nil } ?? false)
      var y = try build.mil.conv_transpose(
        x: x, weight: weight, bias: isFused ? bias : nil,
        pad: .ints(pad), pad_type: "custom", strides: .ints(strides),
        dilations: .ints(call.perAxis("dilation", spatial, default: 1)),
        groups: .int(call.int("groups", default: 1)))
      if isLonger {
        y = try build.mil.pad(
          x: y, pad: .ints([0, 0, 0, 0] + beyond.flatMap { [0, $0] }), mode: "constant",
          constant_val: 0.0)
      }
      guard let bias, !isFused else { return y }
      return try build.mil.add(x: y, y: build.perChannel(bias, rank: spatial + 2))
    }
  }

  /// Runs `body` on the input with a batch axis, which PyTorch lets be absent.
  private static func batched(
    _ call: TorchCall, _ build: FunctionBuilder, _ spatial: Int, _ body: (Value) throws -> Value
  ) throws -> Value {
    let x = try call.floatValue("input")
    if try build.rank(of: x) == spatial + 2 { return try body(x) }
    return try build.mil.squeeze(x: body(build.mil.expand_dims(x: x, axes: [0])), axes: [0])
  }
}

extension TorchCall {
  /// A list argument with one value per spatial axis; one value stands for all.
  func perAxis(_ name: String, _ count: Int, default fallback: Int) throws -> [Int] {
    let values = try ints(name, default: [fallback])
    if values.isEmpty { return Array(repeating: fallback, count: count) }
    if values.count == 1 { return Array(repeating: values[0], count: count) }
    guard values.count == count else {
      throw fault("argument '\(name)' has \(values.count) values for \(count) axes")
    }
    return values
  }
}
