// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `data` with `updates` combined into the slices at the coordinates in the last axis of
  /// `indices`.
  ///
  /// C1: `rank(indices) >= 1` and its last extent is fixed. C2: `extent(indices, -1) <=
  /// rank(data)`. C3: `updates` has the shape `indices[..<-1] + data[extent(indices, -1)...]`.
  /// C4: `mode` is one of add, div, max, min, mul, sub, update. C5: since iOS 17 constant indices
  /// lie in the extents of `data`.
  static let scatterND = OpSpec(
    "scatter_nd",
    operands: [
      .tensor("data", .T), .tensor("indices", .int32), .tensor("updates", .T),
      .optionalConstant("mode", .string, default: "add"),
    ],
    domains: [.T: .numbers],
    revisions: [
      Signature(
        since: .iOS17,
        operands: [
          .tensor("data", .T), .tensor("indices", .int32), .tensor("updates", .T),
          .optionalConstant("mode", .string, default: "add"),
          .optionalConstant("validate_indices", .bool, default: false),
        ], domains: [.T: .numbers])
    ],
    constraints: [
      .coordinates("indices"),
      .coordinatesFit("indices", in: "data"),
      Constraint("shape(updates) = indices[..<-1] + data[extent(indices, -1)...]") { op in
        let depth = try op.coordinateCount("indices")
        try op.requireUpdates(op.shape("indices").dropLast() + op.shape("data").dropFirst(depth))
      },
      .choice("mode", scatterModes),
      .coordinatesInRange("indices", of: "data"),
    ],
    results: { op in [.tensor(try op.type(of: "data"))] })
}
