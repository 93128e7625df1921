// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ATenLowering {
  /// Copies, casts and moves: a new tensor of the same elements, and what writes whole tensors.
  static let copies: [ATenLowering] = [
    // A copy is a storage of its own: later writes to the original do not show in it.
    ATenLowering(
      "aten.clone.default", "aten.lift_fresh_copy.default", "aten.view_copy.default",
      "aten.alias_copy.default", "aten.detach_copy.default", "aten.expand_copy.default"
    ) { call, build in try build.broadcast(call.value("self"), to: call.resultShape()) },
    .custom(
      "aten.to.dtype", "aten.to.device", "aten.to.dtype_layout", "aten.to.other",
      "aten.to.prim_Device",
      "aten._to_copy.default", "aten.type_as.default", aliases: true
    ) { call, build in
      let source = try call.tensor("self")
      let target = try call.resultDType()
      // Moving a tensor to where it is gives the tensor itself.
      let isCopy = try call.bool("copy", default: call.node.operatorName == "_to_copy")
      let changesDType = try call.changesDType
      if !isCopy, !changesDType { return [.tensor(source)] }
      let value = try build.convert(source.value(build), to: target)
      return [try call.result(call.roundsToHalf ? build.rounded(value) : value, build)]
    },
    // Written through `self` by the in-place form.
    ATenLowering("aten.copy.default") { call, build in
      let source = try call.value("src")
      let expanded = try build.broadcast(source, to: call.shape("self"))
      return try build.convert(expanded, to: call.tensor("self").dtype)
    },
    ATenLowering("aten.fill.Scalar", "aten.fill.Tensor") { call, build in
      let dtype = try call.tensor("self").dtype
      return try build.filled(call.operand("value", as: dtype), call.shape("self"))
    },
    ATenLowering("aten.zero.default") { call, build in
      let dtype = try call.tensor("self").dtype
      return try build.filled(build.scalarConstant(0, dtype), call.shape("self"))
    },
    .custom("aten.set_.source_Tensor") { call, _ in
      throw call.fault("'set_' makes a tensor share another's memory, which cannot be expressed")
    },
    .custom("aten.item.default", "aten._local_scalar_dense.default") { call, build in
      let value = try call.value("self")
      let scalar = try build.rank(of: value) == 0 ? value : build.mil.squeeze(x: value)
      try call.bindItem(scalar)
      return []
    },
  ]
}

extension TorchCall {
  /// Makes the symbol of an `item()` result known as the value it was read from.
  func bindItem(_ scalar: Value) throws {
    guard case .symInt(let dim, _)? = node.outputs.first, let symbol = dim.symbol else {
      throw fault(
        "a number read from a tensor is used as something other than a size",
        fix: "keep it a tensor")
    }
    try build.bind(symbol, to: build.cast(scalar, to: .int32))
  }
}

extension TorchCall {
  /// Whether the result has another dtype in PyTorch, if not in MIL: it is a tensor of its own then.
  fileprivate var changesDType: Bool {
    get throws {
      guard let from = operandMetas["self"]?.dtype, let to = metas.first??.dtype else {
        return try resultDType() != tensor("self").dtype
      }
      return from != to
    }
  }

  /// Whether the result has 16 bits where `self` has more. Tensors of 16 bits are computed with in
  /// float32, where nothing else would round the values.
  fileprivate var roundsToHalf: Bool {
    metas.first??.dtype == .float16 && operandMetas["self"]?.dtype != .float16
  }
}

extension FunctionBuilder {
  /// The float32 `value` at the precision of float16.
  fileprivate func rounded(_ value: Value) throws -> Value {
    try cast(cast(value, to: .float16), to: .float32)
  }

  /// `value` in another dtype by PyTorch's rules: to bool by comparison with zero, to an integer
  /// by truncation.
  func convert(_ value: Value, to dtype: DType) throws -> Value {
    let from = try self.dtype(of: value)
    if from == dtype { return value }
    if dtype == .bool {
      return try mil.not_equal(x: value, y: scalarConstant(0, from))
    }
    return try cast(value, to: dtype)
  }

  /// A tensor of `shape`, every element `value` (a scalar or one-element tensor).
  func filled(_ value: Value, _ shape: [Dim]) throws -> Value {
    let fixed = shape.compactMap(\.fixed)
    if fixed.count == shape.count, let data = try constant(of: value)?.smallTensor(),
      data.count == 1
    {
      let count = fixed.reduce(1, *)
      if count <= 65_536 {
        let dense = try TensorData(
          Array(repeating: data.doubles[0], count: count), as: data.dtype, shape: fixed)
        return .constant(.numbers(dense))
      }
      if data.dtype != .bool {
        return try mil.fill(shape: .ints(fixed), value: value)
      }
    }
    let scalar = try rank(of: value) == 0 ? value : mil.squeeze(x: value)
    if shape.isEmpty { return scalar }
    if let data = try constant(of: scalar)?.smallTensor() {
      return try refined(
        mil.fill(shape: .dims(shape), value: .constant(Constant(data))), shape)
    }
    let dtype = try self.dtype(of: scalar)
    if dtype == .bool {
      let ones = try filled(scalarConstant(1, .int32), shape)
      return try cast(mil.mul(x: ones, y: cast(scalar, to: .int32)), to: .bool)
    }
    return try mil.mul(x: filled(scalarConstant(1, dtype), shape), y: scalar)
  }

  func refined(_ value: Value, _ shape: [Dim]) throws -> Value {
    try assume(value, shape: shape)
    return value
  }
}
