// SPDX-License-Identifier: Apache-2.0
import MIL

extension ATenLowering {
  /// Scalar functions that MIL has under a name of its own. Integers are computed as floats, as
  /// in PyTorch.
  static let elementwise: [ATenLowering] =
    floatFunctions.map { function($0.aten, $0.mil) } + [
      ATenLowering("aten.abs.default") { call, build in
        try build.mil.abs(x: call.numericValue("self"))
      },
      ATenLowering("aten.neg.default") { call, build in
        try build.mil.mul(x: call.numericValue("self"), y: -1)
      },
      ATenLowering("aten.sign.default", "aten.sgn.default") { call, build in
        try build.mil.sign(x: call.numericValue("self"))
      },
      ATenLowering("aten.square.default") { call, build in
        let x = try call.numericValue("self")
        return try build.mil.mul(x: x, y: x)
      },
      ATenLowering("aten.rsqrt.default") { call, build in
        // An exact zero is the meaning; the default of MIL adds 1e-12.
        try build.mil.rsqrt(x: call.floatValue("self"), epsilon: 0.0)
      },
      ATenLowering("aten.reciprocal.default") { call, build in
        try build.mil.real_div(x: 1.0, y: call.floatValue("self"))
      },
      ATenLowering("aten.log.default") { call, build in
        try build.mil.log(x: call.floatValue("self"), epsilon: 0.0)
      },
      logarithm("aten.log2.default", perNat: 1.4426950408889634),
      logarithm("aten.log10.default", perNat: 0.4342944819032518),
      ATenLowering("aten.log1p.default") { call, build in
        try build.mil.log(x: build.mil.add(x: call.floatValue("self"), y: 1.0), epsilon: 0.0)
      },
      ATenLowering("aten.expm1.default") { call, build in
        try build.mil.sub(x: build.mil.exp(x: call.floatValue("self")), y: 1.0)
      },
      ATenLowering("aten.acosh.default") { call, build in
        let x = try call.floatValue("self")
        let root = try build.mil.sqrt(x: build.mil.sub(x: build.mil.mul(x: x, y: x), y: 1.0))
        return try build.mil.log(x: build.mil.add(x: x, y: root), epsilon: 0.0)
      },
      ATenLowering("aten.asinh.default") { call, build in
        // sign(x) log(|x| + sqrt(x^2 + 1)): odd, without the cancellation of the plain formula.
        let x = try call.floatValue("self")
        let root = try build.mil.sqrt(x: build.mil.add(x: build.mil.mul(x: x, y: x), y: 1.0))
        let sum = try build.mil.add(x: build.mil.abs(x: x), y: root)
        return try build.mil.mul(x: build.mil.sign(x: x), y: build.mil.log(x: sum, epsilon: 0.0))
      },
      ATenLowering("aten.erfc.default") { call, build in
        try build.mil.sub(x: 1.0, y: build.mil.erf(x: call.floatValue("self")))
      },
      ATenLowering("aten.trunc.default", "aten.fix.default") { call, build in
        let x = try call.floatValue("self")
        return try build.mil.mul(
          x: build.mil.sign(x: x), y: build.mil.floor(x: build.mil.abs(x: x)))
      },
      ATenLowering("aten.frac.default") { call, build in
        let x = try call.floatValue("self")
        let whole = try build.mil.floor(x: build.mil.abs(x: x))
        return try build.mil.sub(x: x, y: build.mil.mul(x: build.mil.sign(x: x), y: whole))
      },
      ATenLowering("aten.isnan.default") { call, build in
        let x = try call.floatValue("self")
        return try build.mil.not_equal(x: x, y: x)
      },
      ATenLowering("aten.deg2rad.default") { call, build in
        try build.mil.mul(x: call.floatValue("self"), y: .float(.pi / 180))
      },
      ATenLowering("aten.rad2deg.default") { call, build in
        try build.mil.mul(x: call.floatValue("self"), y: .float(180 / .pi))
      },
    ]

  private static let floatFunctions: [(aten: String, mil: String)] = [
    ("acos", "acos"), ("arccos", "acos"), ("asin", "asin"), ("arcsin", "asin"), ("atan", "atan"),
    ("arctan", "atan"), ("atanh", "atanh"), ("ceil", "ceil"), ("cos", "cos"), ("cosh", "cosh"),
    ("erf", "erf"), ("exp", "exp"), ("exp2", "exp2"), ("floor", "floor"), ("round", "round"),
    ("sin", "sin"), ("sinh", "sinh"), ("special_erf", "erf"), ("sqrt", "sqrt"), ("tan", "tan"),
    ("tanh", "tanh"),
  ]

  private static func function(_ aten: String, _ mil: String) -> ATenLowering {
    ATenLowering("aten.\(aten).default") { call, build in
      try build.emit(mil, ["x": call.floatValue("self")])[0]
    }
  }

  private static func logarithm(_ target: String, perNat factor: Double) -> ATenLowering {
    ATenLowering(target) { call, build in
      try build.mil.mul(
        x: build.mil.log(x: call.floatValue("self"), epsilon: 0.0), y: .float(factor))
    }
  }
}

extension TorchCall {
  /// A tensor argument on which MIL can compute: booleans as integers.
  func numericValue(_ name: String) throws -> Value {
    let value = try value(name)
    return try build.dtype(of: value) == .bool ? build.cast(value, to: .int32) : value
  }
}
