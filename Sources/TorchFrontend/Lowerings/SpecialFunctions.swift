// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Scalar functions that MIL says with several operations.
  static let specialFunctions: [ATenLowering] = [
    ATenLowering("aten.logit.default", "aten.special_logit.default") { call, build in
      var x = try call.floatValue("self")
      if call.has("eps") {
        let epsilon = try call.float("eps")
        x = try build.clamp(x, low: epsilon, high: 1 - epsilon)
      }
      let odds = try build.mil.real_div(x: x, y: build.mil.sub(x: 1.0, y: x))
      return try build.mil.log(x: odds, epsilon: 0.0)
    },
    ATenLowering("aten.sinc.default", "aten.special_sinc.default") { call, build in
      let x = try build.scale(call.floatValue("self"), by: .pi)
      let isZero = try build.mil.equal(x: x, y: 0.0)
      let safe = try build.mil.select(cond: isZero, a: 1.0, b: x)
      let ratio = try build.mil.real_div(x: build.mil.sin(x: safe), y: safe)
      return try build.mil.select(cond: isZero, a: 1.0, b: ratio)
    },
    ATenLowering("aten.logaddexp.default") { call, build in
      let (x, y) = try call.promoted("self", "other", to: .float32)
      return try build.logAddExp(x, y)
    },
    ATenLowering("aten.logaddexp2.default") { call, build in
      let ln2 = 0.6931471805599453
      let (x, y) = try call.promoted("self", "other", to: .float32)
      let sum = try build.logAddExp(build.scale(x, by: ln2), build.scale(y, by: ln2))
      return try build.scale(sum, by: 1 / ln2)
    },
    ATenLowering(
      "aten.xlogy.Tensor", "aten.xlogy.Scalar_Other", "aten.xlogy.Scalar_Self",
      "aten.special_xlogy.default"
    ) { call, build in
      // Zero times any logarithm but that of NaN is zero.
      let (x, y) = try call.promoted("self", "other", to: .float32)
      let product = try build.mil.mul(x: x, y: build.mil.log(x: y, epsilon: 0.0))
      let isZero = try build.mil.equal(x: x, y: 0.0)
      let isNumber = try build.mil.equal(x: y, y: y)
      let shape = try call.resultShape()
      let cond = try build.mil.logical_and(x: isZero, y: isNumber)
      return try build.mil.select(
        cond: build.broadcast(cond, to: shape),
        a: build.filled(build.scalarConstant(0, .float32), shape), b: product)
    },
    ATenLowering(
      "aten.special_xlog1py.default", "aten.special_xlog1py.other_scalar",
      "aten.special_xlog1py.self_scalar"
    ) { call, build in
      let (x, y) = try call.promoted("self", "other", to: .float32)
      let log = try build.mil.log(x: build.mil.add(x: y, y: 1.0), epsilon: 0.0)
      let product = try build.mil.mul(x: x, y: log)
      let isZero = try build.mil.equal(x: x, y: 0.0)
      let isNumber = try build.mil.equal(x: y, y: y)
      // Zero times any logarithm but that of NaN is zero.
      return try build.mil.select(
        cond: build.mil.logical_and(x: isZero, y: isNumber), a: 0.0, b: product)
    },
    ATenLowering("aten.copysign.Tensor", "aten.copysign.Scalar") { call, build in
      let (x, y) = try call.promoted("self", "other", to: .float32)
      let size = try build.mil.abs(x: x)
      let factor = try build.mil.select(
        cond: build.isNegative(y), a: -1.0, b: 1.0)
      return try build.mil.mul(x: size, y: factor)
    },
    ATenLowering("aten.heaviside.default") { call, build in
      let (x, y) = try call.promoted("self", "values", to: .float32)
      let shape = try call.resultShape()
      let isZero = try build.broadcast(build.mil.equal(x: x, y: 0.0), to: shape)
      let isAbove = try build.cast(build.mil.greater(x: x, y: 0.0), to: .float32)
      return try build.choose(
        isZero, build.broadcast(y, to: shape), build.broadcast(isAbove, to: shape), shape: shape)
    },
    ATenLowering("aten.round.decimals") { call, build in
      let factor = try power(10, call.int("decimals"), call)
      let scaled = try build.scale(call.floatValue("self"), by: factor)
      return try build.mil.real_div(x: build.mil.round(x: scaled), y: .float(factor))
    },
    ATenLowering("aten.rrelu.default") { call, build in
      try call.require("training", false)
      let slope =
        try (call.float("lower", default: 1.0 / 8) + call.float("upper", default: 1.0 / 3)) / 2
      return try build.mil.leaky_relu(x: call.floatValue("self"), alpha: .float(slope))
    },
    ATenLowering("aten.special_ndtr.default") { call, build in
      let x = try build.scale(call.floatValue("self"), by: 0.7071067811865476)
      return try build.scale(build.mil.add(x: build.mil.erf(x: x), y: 1.0), by: 0.5)
    },
    ATenLowering("aten.special_entr.default") { call, build in
      // -x log(x), 0 at 0 and minus infinity below.
      let x = try call.floatValue("self")
      let isZero = try build.mil.equal(x: x, y: 0.0)
      let safe = try build.mil.select(cond: isZero, a: 1.0, b: x)
      let product = try build.mil.mul(x: safe, y: build.mil.log(x: safe, epsilon: 0.0))
      let below = try build.mil.less(x: x, y: 0.0)
      return try build.mil.select(
        cond: below, a: .float(-.infinity), b: build.mil.mul(x: product, y: -1.0))
    },
    ATenLowering("aten.special_exp2.default") { call, build in
      try build.mil.exp2(x: call.floatValue("self"))
    },
    ATenLowering("aten.special_expm1.default") { call, build in
      try build.mil.sub(x: build.mil.exp(x: call.floatValue("self")), y: 1.0)
    },
    ATenLowering("aten.special_log1p.default") { call, build in
      try build.mil.log(x: build.mil.add(x: call.floatValue("self"), y: 1.0), epsilon: 0.0)
    },
    ATenLowering("aten.ldexp.Tensor") { call, build in
      let (x, y) = try call.promoted("self", "other", to: .float32)
      return try build.mil.mul(x: x, y: build.mil.exp2(x: y))
    },
  ]

  private static func power(_ base: Double, _ exponent: Int, _ call: TorchCall) throws -> Double {
    guard abs(exponent) <= 30 else { throw call.fault("'decimals' is \(exponent)") }
    let size = (0..<abs(exponent)).reduce(1.0) { value, _ in value * base }
    return exponent < 0 ? 1 / size : size
  }
}

extension FunctionBuilder {
  /// `log(exp(x) + exp(y))`, from the larger of the two so that nothing overflows.
  func logAddExp(_ x: Value, _ y: Value) throws -> Value {
    let peak = try mil.maximum(x: x, y: y)
    let gap = try mil.sub(x: mil.minimum(x: x, y: y), y: peak)
    // Equal infinities have no difference.
    let isSame = try mil.equal(x: x, y: y)
    let zeros = try mil.mul(x: cast(isSame, to: .float32), y: 0.0)
    let distance = try mil.select(cond: isSame, a: zeros, b: gap)
    let rest = try mil.log(x: mil.add(x: mil.exp(x: distance), y: 1.0), epsilon: 0.0)
    return try mil.add(x: peak, y: rest)
  }
}
