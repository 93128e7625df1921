// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Activation functions with parameters.
  static let activations: [ONNXLowering] = [
    celu, elu, gelu, hardSigmoid, leakyRelu, selu, shrink, swish, thresholdedRelu,
  ]

  /// `max(0, x) + min(0, alpha * (exp(x / alpha) - 1))`
  private static let celu = ONNXLowering("Celu", since: 12, "X", attributes: "alpha") {
    node, build in
    let (x, alpha) = (try node.value("X"), try node.float("alpha", default: 1))
    let scaled = try build.mil.real_div(x: x, y: .float(alpha))
    // alpha * (exp(min(x / alpha, 0)) - 1), the exponent never overflowing
    let elu = try build.mil.elu(x: scaled, alpha: 1.0)
    return try build.mil.mul(x: elu, y: .float(alpha))
  }

  private static let elu = ONNXLowering("Elu", "X", attributes: "alpha") { node, build in
    try build.mil.elu(x: node.value("X"), alpha: .float(node.float("alpha", default: 1)))
  }

  private static let gelu = ONNXLowering("Gelu", since: 20, "X", attributes: "approximate") {
    node, build in
    let mode = try node.choice("approximate", ["none", "tanh"], default: "none")
    return try build.mil.gelu(
      x: node.value("X"), mode: mode == "tanh" ? "TANH_APPROXIMATION" : "EXACT")
  }

  private static let hardSigmoid = ONNXLowering("HardSigmoid", "X", attributes: "alpha beta") {
    node, build in
    try build.mil.sigmoid_hard(
      x: node.value("X"), alpha: .float(node.float("alpha", default: 0.2)),
      beta: .float(node.float("beta", default: 0.5)))
  }

  private static let leakyRelu = ONNXLowering("LeakyRelu", "X", attributes: "alpha") {
    node, build in
    try build.mil.leaky_relu(
      x: node.value("X"), alpha: .float(node.float("alpha", default: 0.01)))
  }

  /// `gamma * elu(x, alpha)`
  private static let selu = ONNXLowering("Selu", "X", attributes: "alpha gamma") { node, build in
    let alpha = try node.float("alpha", default: 1.673_263_2)
    let gamma = try node.float("gamma", default: 1.050_701)
    let elu = try build.mil.elu(x: node.value("X"), alpha: .float(alpha))
    return try build.mil.mul(x: elu, y: .float(gamma))
  }

  /// `x + bias` below `-lambd`, `x - bias` above `lambd`, 0 between
  private static let shrink = ONNXLowering("Shrink", since: 9, "input", attributes: "bias lambd") {
    node, build in
    let (bias, lambd) = (
      try node.float("bias", default: 0), try node.float("lambd", default: 0.5)
    )
    let source = try node.value("input")
    let x = try build.dtype(of: source).isFloat ? source : build.cast(source, to: .float32)
    let low = try build.mil.select(
      cond: build.mil.less(x: x, y: .float(-lambd)), a: build.mil.add(x: x, y: .float(bias)),
      b: build.scalar(0, like: x))
    let y = try build.mil.select(
      cond: build.mil.greater(x: x, y: .float(lambd)), a: build.mil.sub(x: x, y: .float(bias)),
      b: low)
    return try build.cast(y, to: build.dtype(of: source))
  }

  /// `x * sigmoid(alpha * x)`
  private static let swish = ONNXLowering("Swish", since: 24, "X", attributes: "alpha") {
    node, build in
    let (x, alpha) = (try node.value("X"), try node.float("alpha", default: 1))
    if alpha == 1 { return try build.mil.silu(x: x) }
    let gate = try build.mil.sigmoid(x: build.mil.mul(x: x, y: .float(alpha)))
    return try build.mil.mul(x: x, y: gate)
  }

  /// MIL's own keeps `x == alpha`, which ONNX does not.
  private static let thresholdedRelu = ONNXLowering(
    "ThresholdedRelu", since: 10, "X", attributes: "alpha"
  ) { node, build in
    let (x, alpha) = (try node.value("X"), try node.float("alpha", default: 1))
    return try build.mil.select(
      cond: build.mil.greater(x: x, y: .float(alpha)), a: x, b: build.scalar(0, like: x))
  }
}
