// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ATenLowering {
  /// Comparisons and logic, which give booleans.
  static let comparisons: [ATenLowering] =
    [
      ("eq", "equal"), ("ne", "not_equal"), ("gt", "greater"), ("ge", "greater_equal"),
      ("lt", "less"), ("le", "less_equal"), ("greater", "greater"), ("less", "less"),
    ].map { comparison($0.0, $0.1) }
    + [
      logic("and", "logical_and"), logic("or", "logical_or"), logic("xor", "logical_xor"),
      ATenLowering("aten.logical_not.default") { call, build in
        try build.mil.logical_not(x: build.cast(call.value("self"), to: .bool))
      },
      ATenLowering("aten.bitwise_not.default") { call, build in
        let x = try call.value("self")
        if try build.dtype(of: x) == .bool { return try build.mil.logical_not(x: x) }
        // Two's complement: ~x = -x - 1.
        return try build.mil.sub(x: build.mil.mul(x: x, y: -1), y: 1)
      },
      ATenLowering("aten.isinf.default") { call, build in
        let size = try build.mil.abs(x: call.floatValue("self"))
        return try build.mil.equal(x: size, y: .float(.infinity))
      },
      ATenLowering("aten.isposinf.default") { call, build in
        try build.mil.equal(x: call.floatValue("self"), y: .float(.infinity))
      },
      ATenLowering("aten.isneginf.default") { call, build in
        try build.mil.equal(x: call.floatValue("self"), y: .float(-.infinity))
      },
      ATenLowering("aten.signbit.default") { call, build in
        try build.isNegative(call.numericValue("self"))
      },
      ATenLowering("aten.isclose.default") { call, build in try isClose(call, build) },
      ATenLowering("aten.isfinite.default") { call, build in
        let size = try build.mil.abs(x: call.floatValue("self"))
        return try build.mil.less(x: size, y: .float(.infinity))
      },
    ]

  /// `|x - y| <= atol + rtol * |y|`, or equal (infinities are equal to themselves only).
  private static func isClose(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let (x, y) = try call.promoted("self", "other", to: .float32)
    let equal = try build.mil.equal(x: x, y: y)
    let slack = try build.mil.add(
      x: build.scale(build.mil.abs(x: y), by: call.float("rtol", default: 1e-5)),
      y: .float(call.float("atol", default: 1e-8)))
    let gap = try build.mil.abs(x: build.mil.sub(x: x, y: y))
    let isFinite = try build.mil.less(x: gap, y: .float(.infinity))
    let near = try build.mil.logical_and(x: isFinite, y: build.mil.less_equal(x: gap, y: slack))
    let result = try build.mil.logical_or(x: equal, y: near)
    guard try call.bool("equal_nan", default: false) else { return result }
    let bothNaN = try build.mil.logical_and(
      x: build.mil.not_equal(x: x, y: x), y: build.mil.not_equal(x: y, y: y))
    return try build.mil.logical_or(x: result, y: bothNaN)
  }

  private static func comparison(_ aten: String, _ mil: String) -> ATenLowering {
    ATenLowering("aten.\(aten).Tensor", "aten.\(aten).Scalar") { call, build in
      let (x, y) = try call.promoted("self", "other")
      return try build.emit(mil, ["x": x, "y": y])[0]
    }
  }

  /// `logical_*` of anything and `bitwise_*` of booleans and integers.
  private static func logic(_ name: String, _ mil: String) -> ATenLowering {
    ATenLowering(
      "aten.logical_\(name).default", "aten.bitwise_\(name).Tensor", "aten.bitwise_\(name).Scalar",
      "aten.__\(name)__.Tensor", "aten.__\(name)__.Scalar",
      "aten.bitwise_\(name).Scalar_Tensor"
    ) { call, build in
      let isBitwise = !call.node.target.contains("logical_")
      if isBitwise, try call.resultDType() != .bool {
        return try build.bitwise(
          name, call.operand("self", as: .int32), call.operand("other", as: .int32))
      }
      return try build.emit(
        mil, ["x": call.operand("self", as: .bool), "y": call.operand("other", as: .bool)])[0]
    }
  }
}

extension FunctionBuilder {
  /// Whether the sign bit is set: a negative zero counts, told by its reciprocal.
  func isNegative(_ x: Value) throws -> Value {
    let below = try mil.less(x: x, y: 0)
    guard try dtype(of: x) == .float32 else { return below }
    let reciprocal = try mil.real_div(x: 1.0, y: x)
    let minusZero = try mil.equal(x: reciprocal, y: .float(-.infinity))
    return try mil.logical_or(x: below, y: minusZero)
  }
}
