// SPDX-License-Identifier: Apache-2.0
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Kernel {
  /// Activation functions, computed in float32.
  static let activations: [Kernel] = [
    Kernel("clamped_relu") { call in
      let (alpha, beta) = (try call.float("alpha"), try call.float("beta"))
      return try call.mapFloats { min($0 < 0 ? alpha * $0 : $0, beta) }
    },
    Kernel("elu") { call in
      let alpha = try call.float("alpha")
      return try call.mapFloats { $0 < 0 ? alpha * expm1f($0) : $0 }
    },
    Kernel("gelu") { call in try gelu(call) },
    Kernel("leaky_relu") { call in
      let alpha = try call.float("alpha")
      return try call.mapFloats { $0 < 0 ? alpha * $0 : $0 }
    },
    Kernel("linear_activation") { call in
      let (alpha, beta) = (try call.float("alpha"), try call.float("beta"))
      return try call.mapFloats { alpha * $0 + beta }
    },
    Kernel("prelu") { call in
      let alpha = try call.channelParameter("alpha")
      return try call.mapChannels { x, c in x < 0 ? alpha[c] * x : x }
    },
    float("relu") { $0 < 0 ? 0 : $0 },
    float("relu6") { $0 < 0 ? 0 : $0 > 6 ? 6 : $0 },
    Kernel("scaled_tanh") { call in
      let (alpha, beta) = (try call.float("alpha"), try call.float("beta"))
      return try call.mapFloats { alpha * tanhf(beta * $0) }
    },
    float("sigmoid") { sigmoid($0) },
    Kernel("sigmoid_hard") { call in
      let (alpha, beta) = (try call.float("alpha"), try call.float("beta"))
      return try call.mapFloats { hardSigmoid($0, alpha, beta) }
    },
    float("silu") { $0 * sigmoid($0) },
    float("softplus") { softplus($0) },
    Kernel("softplus_parametric") { call in
      let alpha = try call.channelParameter("alpha")
      let beta = try call.channelParameter("beta")
      return try call.mapChannels { x, c in alpha[c] * softplus(beta[c] * x) }
    },
    float("softsign") { $0 / (1 + $0.magnitude) },
    Kernel("thresholded_relu") { call in
      let alpha = try call.float("alpha")
      return try call.mapFloats { $0 < alpha ? 0 : $0 }
    },
  ]

  static func sigmoid(_ x: Float) -> Float { 1 / (1 + expf(-x)) }

  static func hardSigmoid(_ x: Float, _ alpha: Float, _ beta: Float) -> Float {
    min(max(alpha * x + beta, 0), 1)
  }

  /// `log(1 + e^x)` without overflow.
  static func softplus(_ x: Float) -> Float { log1pf(expf(-x.magnitude)) + (x < 0 ? 0 : x) }

  private static func gelu(_ call: KernelCall) throws -> Tensor {
    switch try call.string("mode", default: "EXACT") {
    case "EXACT": return try call.mapFloats { 0.5 * $0 * (1 + erff($0 * 0.707_106_77)) }
    case "TANH_APPROXIMATION":
      return try call.mapFloats { x in
        0.5 * x * (1 + tanhf(0.797_884_56 * (x + 0.044_715 * x * x * x)))
      }
    case "SIGMOID_APPROXIMATION": return try call.mapFloats { $0 * sigmoid(1.702 * $0) }
    case let mode: throw call.fault("no mode '\(mode)'", .unsupportedArgument)
    }
  }
}

extension KernelCall {
  /// A parameter per channel (axis 1 of `x`); one value stands for all.
  func channelParameter(_ name: String) throws -> [Float] {
    let x = try floatTensor("x")
    let values = try floatTensor(name)
    guard x.rank >= 2, values.count == 1 || values.count == x.shape[1] else {
      throw fault("'\(name)' has shape \(values.shape), which does not fit x of shape \(x.shape)")
    }
    return values.count == 1
      ? Array(repeating: values.floats[0], count: x.shape[1]) : Array(values.floats)
  }

  /// `f` of every element of `x` and the number of its channel.
  @inline(__always)
  func mapChannels(_ f: (Float, Int) -> Float) throws -> Tensor {
    let x = try floatTensor("x")
    let y = try output(like: "x")
    let (channels, inner) = (x.shape[1], x.shape[2...].reduce(1, *))
    let (source, target) = (x.floats, y.floats)
    var position = 0
    for _ in 0..<x.shape[0] {
      for c in 0..<channels {
        for _ in 0..<inner {
          target[position] = f(source[position], c)
          position += 1
        }
      }
    }
    return y
  }
}
