// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Convolutions over one to three spatial axes, computed by the dense backend in float32.
  static let convolutions: [Kernel] = [
    Kernel("conv") { call in try convolution(call, weight: call.floatTensor("weight")) },
    Kernel("conv_quantized") { call in
      guard try call.string("quantization_type") == "linear" else {
        throw call.fault("only linear quantization is known", .unsupportedArgument)
      }
      let codes = try call.integerTensor("weight")
      let scale = try call.perOutputChannel("quant_scale", codes)
      let bias = try call.perOutputChannel("quant_bias", codes)
      let weight = try call.make(.float32, codes.shape)
      let inner = codes.shape.dropFirst().reduce(1, *)
      for i in 0..<codes.count {
        weight.floats[i] = Float(codes.ints[i]) * scale[i / inner] + bias[i / inner]
      }
      return try convolution(call, weight: weight)
    },
    Kernel("conv_transpose") { call in
      let x = try call.floatTensor("x")
      let weight = try call.floatTensor("weight")
      let groups = try call.int("groups", default: 1)
      guard x.rank >= 3, weight.rank == x.rank, groups > 0, weight.shape[0] == x.shape[1],
        x.shape[1] % groups == 0
      else { throw call.fault("weight \(weight.shape) does not fit x of shape \(x.shape)") }
      var window = try Window(call, kernel: Array(weight.shape[2...]))
      try window.placeTransposed(over: Array(x.shape[2...]), call)
      return try call.convolve(
        x, weight, window, groups: groups, outChannels: weight.shape[1] * groups, transposed: true)
    },
  ]

  private static func convolution(_ call: KernelCall, weight: Tensor) throws -> Tensor {
    let x = try call.floatTensor("x")
    let groups = try call.int("groups", default: 1)
    guard x.rank >= 3, weight.rank == x.rank, groups > 0, x.shape[1] % groups == 0,
      weight.shape[1] == x.shape[1] / groups, weight.shape[0] % groups == 0
    else {
      throw call.fault(
        "weight \(weight.shape) in \(groups) groups does not fit x of shape \(x.shape)")
    }
    var window = try Window(call, kernel: Array(weight.shape[2...]))
    try window.place(over: Array(x.shape[2...]), call)
    return try call.convolve(
      x, weight, window, groups: groups, outChannels: weight.shape[0], transposed: false)
  }
}

extension KernelCall {
  fileprivate func convolve(
    _ x: Tensor, _ weight: Tensor, _ window: Window, groups: Int, outChannels: Int,
    transposed: Bool
  ) throws -> Tensor {
    let bias = try optionalTensor("bias")
    if let bias, !bias.isFloat || bias.shape != [outChannels] {
      throw fault("'bias' is \(bias), not of \(outChannels) elements")
    }
    let y = try make(x.dtype, [x.shape[0], outChannels] + window.output)
    if y.count == 0 { return y }
    let shape = ConvolutionShape(
      transposed: transposed, batch: x.shape[0], groups: groups, inChannels: x.shape[1],
      outChannels: outChannels, input: Array(x.shape[2...]), output: window.output,
      kernel: window.kernel, strides: window.strides, dilations: window.dilations,
      padBefore: window.before)
    guard let source = x.floats.baseAddress, let taps = weight.floats.baseAddress,
      let target = y.floats.baseAddress,
      dense.convolution(
        shape, x: source, weight: taps, bias: bias?.floats.baseAddress.map { UnsafePointer($0) },
        y: target)
    else { throw fault("the convolution library refuses x \(x.shape), weight \(weight.shape)") }
    return y
  }

  /// A parameter per output channel; one value stands for all.
  fileprivate func perOutputChannel(_ name: String, _ weight: Tensor) throws -> [Float] {
    let values = try floatTensor(name)
    guard weight.rank > 0, values.count == 1 || values.count == weight.shape[0] else {
      throw fault("'\(name)' has \(values.count) elements")
    }
    return values.count == 1
      ? Array(repeating: values.floats[0], count: weight.shape[0]) : Array(values.floats)
  }
}
