// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `on_value` at each of `indices` along a new axis of `one_hot_vector_size`, else `off_value`.
  ///
  /// C1: `-rank(indices) - 1 <= axis <= rank(indices)`. C2: `one_hot_vector_size` is one number,
  /// not negative. C3: where only one of the values is given it is int32, like the other's default.
  static let oneHot = OpSpec(
    "one_hot",
    operands: [
      .tensor("indices", .int32), .tensor("one_hot_vector_size", .int32),
      .optionalConstant("axis", .int32, default: -1),
      .optionalConstant("on_value", .T, default: 1),
      .optionalConstant("off_value", .T, default: 0),
    ],
    domains: [.T: .numbersAndBool],
    constraints: [
      Constraint("-rank(indices) - 1 <= axis <= rank(indices)") { op in
        _ = try op.axis("axis", rank: op.rank("indices") + 1)
      },
      Constraint("one_hot_vector_size >= 0") { op in
        guard let size = try op.dims("one_hot_vector_size") else { return }
        guard size.count == 1 else {
          throw op.fault("'one_hot_vector_size' must be one number, not \(size.count)")
        }
        try op.requireAtLeast(0, "one_hot_vector_size", size.compactMap(\.fixed))
      },
      Constraint("on_value and off_value of one dtype") { op in
        guard op.has("on_value") != op.has("off_value") else { return }
        let name = op.has("on_value") ? "on_value" : "off_value"
        let dtype = try op.dtype(name)
        if dtype != .int32 {
          throw op.fault(
            "'\(name)' is \(dtype.rawValue) but the other value defaults to int32", .typeMismatch,
            fix: "give both 'on_value' and 'off_value'")
        }
      },
    ],
    results: { op in
      var shape = try op.shape("indices")
      let size = try op.dims("one_hot_vector_size")?.first ?? op.freshDim()
      shape.insert(size, at: try op.axis("axis", rank: shape.count + 1))
      return [.tensor(op.has("on_value") ? try op.dtype("on_value") : .int32, shape)]
    })
}
