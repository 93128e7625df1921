// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ATenLowering {
  /// Shifts of integers by known amounts. MIL has no operation on bits.
  static let bitwise: [ATenLowering] = [
    ATenLowering(
      "aten.bitwise_left_shift.Tensor_Scalar", "aten.bitwise_left_shift.Tensor",
      "aten.__lshift__.Scalar", "aten.__lshift__.Tensor"
    ) { call, build in
      try build.mil.mul(x: call.value("self"), y: factor(call, build))
    },
    ATenLowering(
      "aten.bitwise_right_shift.Tensor_Scalar", "aten.bitwise_right_shift.Tensor",
      "aten.__rshift__.Scalar", "aten.__rshift__.Tensor"
    ) { call, build in
      // An arithmetic shift rounds down.
      try build.mil.floor_div(x: call.value("self"), y: factor(call, build))
    },
  ]

  /// 2 to the power of the shift.
  private static func factor(_ call: TorchCall, _ build: FunctionBuilder) throws -> Value {
    let shift = try call.operand("other", as: .int32)
    guard try call.resultDType() == .int32, let data = try build.constant(of: shift)?.smallTensor(),
      data.ints.allSatisfy({ (0...30).contains($0) })
    else {
      throw call.fault(
        "a shift by anything but a constant from 0 to 30 is not supported",
        fix: "multiply or divide by a power of two")
    }
    return .constant(
      .numbers(try TensorData(data.ints.map { Double(1 << $0) }, as: .int32, shape: data.shape)))
  }
}

extension FunctionBuilder {
  /// `x & y` of int32, from their bits along a new last axis.
  func bitwiseAnd(_ x: Value, _ y: Value) throws -> Value {
    let both = try mil.mul(x: bits(of: x), y: bits(of: y))
    let weights = (0...30).map { Double(1 << $0) } + [-Double(1 << 31)]
    let weighted = try mil.mul(
      x: both, y: .constant(.numbers(TensorData(weights, as: .int32, shape: [32]))))
    return try mil.reduce_sum(x: weighted, axes: [-1], keep_dims: false)
  }

  /// `x & y` by name, and what follows from it: `x | y` and `x ^ y` without overflow.
  func bitwise(_ name: String, _ x: Value, _ y: Value) throws -> Value {
    let common = try bitwiseAnd(x, y)
    switch name {
    case "and": return common
    case "or": return try mil.add(x: x, y: mil.sub(x: y, y: common))
    default: return try mil.add(x: mil.sub(x: x, y: common), y: mil.sub(x: y, y: common))
    }
  }

  /// The 32 bits of every element: two's complement, the sign last.
  private func bits(of x: Value) throws -> Value {
    let rank = try rank(of: x)
    guard rank < 5 else {
      throw Diagnostic.error(
        .unsupportedArgument, at: origin, "bitwise operations on tensors of rank 5",
        fix: "flatten the tensor")
    }
    let lifted = try mil.expand_dims(x: x, axes: .ints([rank]))
    let powers = Value.constant(
      .numbers(try TensorData((0...30).map { Double(1 << $0) }, as: .int32, shape: [31])))
    let low = try mil.mod(x: mil.floor_div(x: lifted, y: powers), y: 2)
    let sign = try cast(mil.less(x: lifted, y: 0), to: .int32)
    return try mil.concat(values: .many([low, sign]), axis: .int(rank))
  }
}
