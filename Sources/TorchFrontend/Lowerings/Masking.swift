// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ATenLowering {
  /// Choice between two values by a boolean.
  static let masking: [ATenLowering] = [
    ATenLowering(
      "aten.where.self", "aten.where.ScalarOther", "aten.where.ScalarSelf", "aten.where.Scalar"
    ) { call, build in
      let dtype = try call.resultDType()
      return try build.choose(
        build.convert(call.value("condition"), to: .bool), call.operand("self", as: dtype),
        call.operand("other", as: dtype), shape: call.resultShape())
    },
    ATenLowering("aten.masked_fill.Scalar", "aten.masked_fill.Tensor") { call, build in
      let target = try call.tensor("self")
      return try build.choose(
        build.convert(call.value("mask"), to: .bool), call.operand("value", as: target.dtype),
        target.value(build), shape: call.resultShape())
    },
  ]
}

extension FunctionBuilder {
  /// `a` where `condition`, else `b`, broadcast together to `shape`.
  func choose(_ condition: Value, _ a: Value, _ b: Value, shape: [Dim]) throws -> Value {
    if try dtype(of: a) == .bool {
      // Booleans choose as logic, which broadcasts.
      let chosen = try mil.logical_and(x: condition, y: a)
      let other = try mil.logical_and(x: mil.logical_not(x: condition), y: b)
      return try mil.logical_or(x: chosen, y: other)
    }
    return try mil.select(cond: condition, a: a, b: b)
  }
}
