// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Binary operators, over tensors and scalars.
  static let arithmetic: [ATenLowering] = [
    ATenLowering("aten.add.Tensor", "aten.add.Scalar") { call, build in
      let (x, y) = try call.promoted("self", "other")
      return try build.mil.add(x: x, y: call.scaled(y))
    },
    ATenLowering("aten.sub.Tensor", "aten.sub.Scalar", "aten.subtract.Tensor") { call, build in
      let (x, y) = try call.promoted("self", "other")
      return try build.mil.sub(x: x, y: call.scaled(y))
    },
    ATenLowering("aten.rsub.Tensor", "aten.rsub.Scalar") { call, build in
      let (x, y) = try call.promoted("self", "other")
      return try build.mil.sub(x: y, y: call.scaled(x))
    },
    ATenLowering(
      "aten.mul.Tensor", "aten.mul.Scalar", "aten.multiply.Tensor",
      "aten.multiply.Scalar"
    ) { call, build in
      let (x, y) = try call.promoted("self", "other")
      return try build.mil.mul(x: x, y: y)
    },
    ATenLowering(
      "aten.div.Tensor", "aten.div.Scalar", "aten.divide.Tensor", "aten.true_divide.Tensor"
    ) { call, build in
      let (x, y) = try call.promoted("self", "other", to: .float32)
      return try build.mil.real_div(x: x, y: y)
    },
    ATenLowering("aten.div.Tensor_mode", "aten.div.Scalar_mode") { call, build in
      try divide(call, build)
    },
    ATenLowering("aten.floor_divide.default", "aten.floor_divide.Scalar") { call, build in
      let (x, y) = try call.promoted("self", "other")
      return try build.mil.floor_div(x: x, y: y)
    },
    ATenLowering("aten.remainder.Tensor", "aten.remainder.Scalar") { call, build in
      let (x, y) = try call.promoted("self", "other")
      return try build.mil.mod(x: x, y: y)
    },
    ATenLowering("aten.fmod.Tensor", "aten.fmod.Scalar") { call, build in
      // The remainder with the sign of the dividend: sign(x) * (|x| mod |y|).
      let (x, y) = try call.promoted("self", "other")
      let magnitude = try build.mil.mod(x: build.mil.abs(x: x), y: build.mil.abs(x: y))
      return try build.mil.mul(x: build.mil.sign(x: x), y: magnitude)
    },
    ATenLowering(
      "aten.pow.Tensor_Scalar", "aten.pow.Tensor_Tensor", "aten.pow.Scalar",
      "aten.float_power.Tensor_Scalar", "aten.float_power.Tensor_Tensor", "aten.float_power.Scalar"
    ) { call, build in try power(call, build) },
    extremum("aten.maximum.default", "maximum"), extremum("aten.max.other", "maximum"),
    extremum("aten.fmax.default", "maximum"),
    extremum("aten.minimum.default", "minimum"), extremum("aten.min.other", "minimum"),
    extremum("aten.fmin.default", "minimum"),
    ATenLowering("aten.atan2.default") { call, build in try angle(call, build) },
    ATenLowering("aten.addcmul.default") { call, build in
      let product = try build.mil.mul(x: call.floatValue("tensor1"), y: call.floatValue("tensor2"))
      return try build.mil.add(
        x: call.floatValue("self"), y: build.scale(product, by: call.float("value", default: 1)))
    },
    ATenLowering("aten.addcdiv.default") { call, build in
      let ratio = try build.mil.real_div(
        x: call.floatValue("tensor1"), y: call.floatValue("tensor2"))
      return try build.mil.add(
        x: call.floatValue("self"), y: build.scale(ratio, by: call.float("value", default: 1)))
    },
    ATenLowering("aten.lerp.Scalar") { call, build in
      let start = try call.floatValue("self")
      let reach = try build.mil.sub(x: call.floatValue("end"), y: start)
      return try build.mil.add(x: start, y: build.scale(reach, by: call.float("weight")))
    },
    ATenLowering("aten.lerp.Tensor") { call, build in
      let start = try call.floatValue("self")
      let reach = try build.mil.sub(x: call.floatValue("end"), y: start)
      return try build.mil.add(x: start, y: build.mil.mul(x: reach, y: call.floatValue("weight")))
    },
    ATenLowering("aten.hypot.default") { call, build in
      let (x, y) = try call.promoted("self", "other", to: .float32)
      return try build.mil.sqrt(
        x: build.mil.add(x: build.mil.mul(x: x, y: x), y: build.mil.mul(x: y, y: y)))
    },
  ]

  private static func extremum(_ target: String, _ mil: String) -> ATenLowering {
    ATenLowering(target) { call, build in
      let (x, y) = try call.promoted("self", "other")
      return try build.emit(mil, ["x": x, "y": y])[0]
    }
  }

  private static func divide(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    guard call.has("rounding_mode") else {
      let (x, y) = try call.promoted("self", "other", to: .float32)
      return try build.mil.real_div(x: x, y: y)
    }
    switch try call.string("rounding_mode") {
    case "floor":
      let (x, y) = try call.promoted("self", "other")
      return try build.mil.floor_div(x: x, y: y)
    case "trunc":
      let (x, y) = try call.promoted("self", "other")
      let magnitude = try build.mil.floor_div(x: build.mil.abs(x: x), y: build.mil.abs(x: y))
      let sign = try build.mil.mul(x: build.mil.sign(x: x), y: build.mil.sign(x: y))
      return try build.mil.mul(x: sign, y: magnitude)
    case let mode: throw call.fault("'rounding_mode' is '\(mode)', not 'floor' or 'trunc'")
    }
  }

  private static func power(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    if case .tensor = call.arguments["exponent"] {
    } else {
      let exponent = try call.float("exponent")
      let x = try call.numericValue("self")
      if exponent == 1 { return x }
      if exponent == 2 { return try build.mil.mul(x: x, y: x) }
      if exponent == 0.5 { return try build.mil.sqrt(x: build.cast(x, to: .float32)) }
      if exponent == -0.5 {
        return try build.mil.rsqrt(x: build.cast(x, to: .float32), epsilon: 0.0)
      }
      if exponent == 3 { return try build.mil.mul(x: build.mil.mul(x: x, y: x), y: x) }
    }
    // Integers are raised as floats: MIL's integer power is not defined for every exponent.
    let (x, y) = try call.promoted("self", "exponent", to: .float32)
    return try build.mil.pow(x: x, y: y)
  }

  /// `atan2(y, x)` from `atan(y / x)`, moved to the right quadrant.
  private static func angle(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let (y, x) = try call.promoted("self", "other", to: .float32)
    let zero = try build.mil.equal(x: x, y: 0.0)
    // Where x is 0 the quotient is not used.
    let safe = try build.mil.select(cond: zero, a: .float(1), b: x)
    let base = try build.mil.atan(x: build.mil.real_div(x: y, y: safe))
    let below = try build.mil.less(x: y, y: 0.0)
    let turn = try build.mil.select(cond: below, a: .float(-.pi), b: .float(.pi))
    let left = try build.mil.less(x: x, y: 0.0)
    let moved = try build.mil.select(cond: left, a: build.mil.add(x: base, y: turn), b: base)
    let axis = try build.mil.mul(x: build.mil.sign(x: y), y: .float(.pi / 2))
    return try build.mil.select(cond: zero, a: axis, b: moved)
  }
}

extension TorchCall {
  /// The two operands in the dtype that PyTorch's promotion gives their combination, or `dtype`.
  func promoted(_ a: String, _ b: String, to dtype: DType? = nil) throws -> (Value, Value) {
    let target = try dtype ?? promotedDType(a, b)
    return (try operand(a, as: target), try operand(b, as: target))
  }

  /// int32, or float32 where either side is one. Booleans count as integers.
  func promotedDType(_ names: String...) throws -> DType {
    for name in names {
      switch arguments[name] {
      case .tensor(let tensor) where tensor.dtype == .float32: return .float32
      case .float: return .float32
      default: continue
      }
    }
    return .int32
  }

  /// A tensor or scalar argument as a value of `dtype`.
  func operand(_ name: String, as dtype: DType) throws -> Value {
    switch arguments[name] {
    case .tensor(let tensor): return try build.cast(tensor.value(build), to: dtype)
    case .dim(let dim):
      guard let fixed = dim.fixed else { return try build.cast(build.scalar(dim), to: dtype) }
      return try build.scalarConstant(Double(fixed), dtype)
    case .float(let value): return try build.scalarConstant(value, dtype)
    case .bool(let flag): return try build.scalarConstant(flag ? 1 : 0, dtype)
    default: throw fault("argument '\(name)' is neither a tensor nor a number")
    }
  }

  /// `value * alpha`, for operators that have an `alpha`.
  func scaled(_ value: Value) throws -> Value {
    guard has("alpha") else { return value }
    return try build.scale(value, by: float("alpha"))
  }
}

extension FunctionBuilder {
  /// `value` times a number, left out where the number is 1.
  func scale(_ value: Value, by factor: Double) throws -> Value {
    if factor == 1 { return value }
    return try mil.mul(x: value, y: scalarConstant(factor, dtype(of: value)))
  }

  func scalarConstant(_ value: Double, _ dtype: DType) throws -> Value {
    .constant(Constant(try TensorData([value], as: dtype, shape: [])))
  }

  /// An int32 scalar that holds a size.
  func scalar(_ dim: Dim) throws -> Value { .dim(dim) }
}
