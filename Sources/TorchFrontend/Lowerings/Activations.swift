// SPDX-License-Identifier: Apache-2.0
import MIL

extension ATenLowering {
  static let activations: [ATenLowering] =
    [
      ("relu", "relu"), ("relu6", "relu6"), ("sigmoid", "sigmoid"), ("silu", "silu"),
      ("softsign", "softsign"), ("special_expit", "sigmoid"),
    ].map { name, mil in
      ATenLowering("aten.\(name).default") { call, build in
        try build.emit(mil, ["x": call.floatValue("self")])[0]
      }
    } + [
      ATenLowering("aten.gelu.default") { call, build in
        let mode = try call.string("approximate", default: "none")
        return try build.mil.gelu(
          x: call.floatValue("self"), mode: mode == "tanh" ? "TANH_APPROXIMATION" : "EXACT")
      },
      ATenLowering("aten.leaky_relu.default") { call, build in
        try build.mil.leaky_relu(
          x: call.floatValue("self"), alpha: .float(call.float("negative_slope", default: 0.01)))
      },
      ATenLowering("aten.elu.default") { call, build in
        guard try call.float("scale", default: 1) == 1,
          try call.float("input_scale", default: 1) == 1
        else { throw call.fault("'scale' and 'input_scale' of elu must be 1") }
        return try build.mil.elu(
          x: call.floatValue("self"), alpha: .float(call.float("alpha", default: 1)))
      },
      ATenLowering("aten.celu.default") { call, build in
        // alpha * elu(x / alpha, 1) for x < 0, x above: elu of the scaled input, scaled back.
        let alpha = try call.float("alpha", default: 1)
        let inner = try build.mil.elu(
          x: build.scale(call.floatValue("self"), by: 1 / alpha), alpha: 1.0)
        return try build.scale(inner, by: alpha)
      },
      ATenLowering("aten.selu.default") { call, build in
        let alpha = 1.6732632423543772
        let scale = 1.0507009873554805
        let inner = try build.mil.elu(x: call.floatValue("self"), alpha: .float(alpha))
        return try build.mil.mul(x: inner, y: .float(scale))
      },
      ATenLowering("aten.hardtanh.default") { call, build in
        try build.clamp(
          call.floatValue("self"), low: call.float("min_val", default: -1),
          high: call.float("max_val", default: 1))
      },
      ATenLowering("aten.hardsigmoid.default") { call, build in
        try build.mil.sigmoid_hard(x: call.floatValue("self"), alpha: .float(1.0 / 6), beta: 0.5)
      },
      ATenLowering("aten.hardswish.default") { call, build in
        let x = try call.floatValue("self")
        let gate = try build.mil.sigmoid_hard(x: x, alpha: .float(1.0 / 6), beta: 0.5)
        return try build.mil.mul(x: x, y: gate)
      },
      ATenLowering("aten.mish.default") { call, build in
        let x = try call.floatValue("self")
        return try build.mil.mul(x: x, y: build.mil.tanh(x: build.mil.softplus(x: x)))
      },
      ATenLowering("aten.softplus.default") { call, build in try softplus(call, build) },
      ATenLowering("aten.log_sigmoid.default", "aten.log_sigmoid_forward.default") { call, build in
        // -softplus(-x), which does not overflow.
        let negated = try build.mil.mul(x: call.floatValue("self"), y: -1.0)
        return try build.mil.mul(x: build.mil.softplus(x: negated), y: -1.0)
      },
      ATenLowering("aten.tanhshrink.default") { call, build in
        let x = try call.floatValue("self")
        return try build.mil.sub(x: x, y: build.mil.tanh(x: x))
      },
      ATenLowering("aten.hardshrink.default") { call, build in
        let x = try call.floatValue("self")
        let keep = try build.mil.greater(
          x: build.mil.abs(x: x), y: .float(call.float("lambd", default: 0.5)))
        return try build.mil.mul(x: x, y: build.cast(keep, to: .float32))
      },
      ATenLowering("aten.softshrink.default") { call, build in
        let x = try call.floatValue("self")
        let size = try build.mil.sub(
          x: build.mil.abs(x: x), y: .float(call.float("lambd", default: 0.5)))
        return try build.mil.mul(x: build.mil.sign(x: x), y: build.mil.relu(x: size))
      },
      ATenLowering("aten.threshold.default") { call, build in
        let x = try call.floatValue("self")
        let keep = try build.mil.greater(x: x, y: .float(call.float("threshold")))
        return try build.mil.select(cond: keep, a: x, b: .float(call.float("value")))
      },
      ATenLowering("aten.prelu.default", "aten._prelu_kernel.default") { call, build in
        try prelu(call, build)
      },
      ATenLowering("aten.glu.default") { call, build in
        let x = try call.floatValue("self")
        let axis = try call.axis("dim", rank: build.rank(of: x), default: -1)
        let halves = try build.emit("split", ["x": x, "num_splits": 2, "axis": .int(axis)])
        return try build.mil.mul(x: halves[0], y: build.mil.sigmoid(x: halves[1]))
      },
      ATenLowering(
        "aten.softmax.int", "aten._softmax.default", "aten._safe_softmax.default",
        "aten.special_softmax.int"
      ) { call, build in
        let x = try call.floatValue("self")
        return try build.softmax(x, axis: call.axis("dim", rank: build.rank(of: x)))
      },
      ATenLowering(
        "aten.log_softmax.int", "aten._log_softmax.default", "aten.special_log_softmax.int"
      ) { call, build in
        // x - max - log(sum(exp(x - max))), which keeps its precision where log(softmax) loses it.
        let x = try call.floatValue("self")
        let axis = try call.axis("dim", rank: build.rank(of: x))
        let peak = try build.mil.reduce_max(x: x, axes: .ints([axis]), keep_dims: true)
        let shifted = try build.mil.sub(x: x, y: peak)
        let total = try build.mil.reduce_sum(
          x: build.mil.exp(x: shifted), axes: .ints([axis]), keep_dims: true)
        return try build.mil.sub(x: shifted, y: build.mil.log(x: total, epsilon: 0.0))
      },
      ATenLowering(
        "aten.clamp.default", "aten.clip.default", "aten.clamp_min.default",
        "aten.clamp_max.default"
      ) { call, build in try clamp(call, build) },
      ATenLowering(
        "aten.clamp.Tensor", "aten.clip.Tensor", "aten.clamp_min.Tensor", "aten.clamp_max.Tensor"
      ) { call, build in try clamp(call, build) },
      ATenLowering("aten.nan_to_num.default") { call, build in
        let x = try call.floatValue("self")
        let greatest = Double(Float.greatestFiniteMagnitude)
        let isNumber = try build.mil.equal(x: x, y: x)
        let number = try build.mil.select(
          cond: isNumber, a: x, b: .float(call.float("nan", default: 0)))
        let low = try build.mil.maximum(
          x: number, y: .float(call.float("neginf", default: -greatest)))
        return try build.mil.minimum(x: low, y: .float(call.float("posinf", default: greatest)))
      },
    ]

  private static func softplus(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let beta = try call.float("beta", default: 1)
    let x = try call.floatValue("self")
    let scaled = try build.scale(x, by: beta)
    let y = try build.scale(build.mil.softplus(x: scaled), by: 1 / beta)
    // Beyond the threshold the function is its argument; from 20 on float32 knows no difference.
    let threshold = try call.float("threshold", default: 20)
    guard threshold < 20 else { return y }
    return try build.mil.select(
      cond: build.mil.greater(x: scaled, y: .float(threshold)), a: x, b: y)
  }

  private static func prelu(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let x = try call.floatValue("self")
    let slope = try call.floatValue("weight")
    // max(x, 0) + slope * min(x, 0), the slope along the channel axis.
    let rank = try build.rank(of: x)
    let slopes = try build.shape(of: slope)
    var shaped = slope
    if rank > 1, slopes.count == 1, slopes[0] != 1 {
      shaped = try build.reshape(slope, to: [1, slopes[0]] + Array(repeating: 1, count: rank - 2))
    }
    let below = try build.mil.minimum(x: x, y: 0.0)
    return try build.mil.add(x: build.mil.relu(x: x), y: build.mil.mul(x: below, y: shaped))
  }

  private static func clamp(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let names = ["self", "min", "max"].filter(call.has)
    let isFloat = try names.contains { try call.promotedDType($0) == .float32 }
    let dtype = isFloat ? try call.resultDType() : .int32
    var x = try call.operand("self", as: dtype)
    if call.has("min") { x = try build.mil.maximum(x: x, y: call.operand("min", as: dtype)) }
    if call.has("max") { x = try build.mil.minimum(x: x, y: call.operand("max", as: dtype)) }
    return x
  }
}

extension FunctionBuilder {
  /// `min(max(x, low), high)`; `relu6` where that is what it is.
  func clamp(_ x: Value, low: Double, high: Double) throws -> Value {
    if low == 0, high == 6 { return try mil.relu6(x: x) }
    return try mil.minimum(x: mil.maximum(x: x, y: .float(low)), y: .float(high))
  }

  /// Softmax; a scalar's is 1 everywhere.
  func softmax(_ x: Value, axis: Int) throws -> Value {
    guard try rank(of: x) == 0 else { return try mil.softmax(x: x, axis: .int(axis)) }
    return try mil.squeeze(x: mil.softmax(x: mil.expand_dims(x: x, axes: [0]), axis: 0), axes: [0])
  }
}
