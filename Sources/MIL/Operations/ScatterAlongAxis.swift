// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `data` with `data[i, indices[i, j, k], k]` combined with `updates[i, j, k]` (for `axis` 1).
  ///
  /// C1: `-rank(data) <= axis < rank(data)`. C2: `indices` has the rank of `data` and its extents
  /// but along `axis`. C3: `updates` has the shape of `indices`. C4: `mode` is one of add, div,
  /// max, min, mul, sub, update. C5: since iOS 17 constant indices lie in `0..<extent`.
  static let scatterAlongAxis = OpSpec(
    "scatter_along_axis",
    operands: [
      .tensor("data", .T), .tensor("indices", .int32), .tensor("updates", .T),
      .optionalConstant("axis", .int32, default: 0),
      .optionalConstant("mode", .string, default: "add"),
    ],
    domains: [.T: .numbers],
    revisions: [
      Signature(
        since: .iOS17,
        operands: [
          .tensor("data", .T), .tensor("indices", .int32), .tensor("updates", .T),
          .optionalConstant("axis", .int32, default: 0),
          .optionalConstant("mode", .string, default: "add"),
          .optionalConstant("validate_indices", .bool, default: false),
        ], domains: [.T: .numbers])
    ],
    constraints: [
      .axis("axis", within: "data"),
      .equalButAlongAxis("indices", "data"),
      Constraint("shape(updates) = shape(indices)") { op in
        try op.requireUpdates(op.shape("indices"))
      },
      .choice("mode", scatterModes),
      .indicesInRange("indices", of: "data"),
    ],
    results: { op in [.tensor(try op.type(of: "data"))] })
}
