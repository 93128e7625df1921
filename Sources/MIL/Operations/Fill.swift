// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// A tensor of `shape` with every element `value`; float32 zeros when `value` is absent.
  ///
  /// C1: `shape` has rank 1 and a fixed length. C2: extents are not negative. C3: `value` is a
  /// scalar.
  static let fill = OpSpec(
    "fill",
    operands: [.tensor("shape", .int32), .optionalConstant("value", .T, default: 0.0)],
    domains: [.T: .numbersAndBool],
    constraints: [
      Constraint("length(shape) is fixed") { op in
        guard try op.length("shape").isFixed else {
          throw op.fault("'shape' has no fixed number of elements", .unsupportedArgument)
        }
      },
      Constraint("shape >= 0") { op in
        guard let shape = try op.elementsIfKnown("shape") else { return }
        try op.requireAtLeast(0, "shape", shape.compactMap(\.fixed))
      },
      .rank("value", 0),
    ],
    results: { op in
      [.tensor(op.has("value") ? try op.dtype("value") : .float32, try op.elements("shape"))]
    })

  /// A tensor of the shape of `ref_tensor` with every element `value`; float32 zeros when `value`
  /// is absent. C1: `value` is a scalar.
  static let fillLike = OpSpec(
    "fill_like", since: .iOS16,
    operands: [.tensor("ref_tensor", .T), .optionalConstant("value", .U, default: 0.0)],
    domains: [.T: .numbersAndBool, .U: .numbersAndBool],
    constraints: [.rank("value", 0)],
    results: { op in
      [.tensor(op.has("value") ? try op.dtype("value") : .float32, try op.shape("ref_tensor"))]
    })
}
