// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `data` with `updates` combined into the slices at `indices` along `axis`.
  ///
  /// C1: `-rank(data) <= axis < rank(data)`. C2: `updates` has the shape of `data` with `axis`
  /// replaced by the axes of `indices`. C3: `mode` is one of add, div, max, min, mul, sub, update.
  /// C4: since iOS 17 constant indices lie in `0..<extent`.
  static let scatter = OpSpec(
    "scatter",
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
      Constraint("shape(updates) = data[..<axis] + indices + data[axis+1...]") { op in
        let data = try op.shape("data")
        let axis = try op.axis("axis", rank: data.count)
        try op.requireUpdates(data[..<axis] + op.shape("indices") + data[(axis + 1)...])
      },
      .choice("mode", scatterModes),
      .indicesInRange("indices", of: "data"),
    ],
    results: { op in [.tensor(try op.type(of: "data"))] })
}

extension OpSpec {
  static let scatterModes = ["add", "div", "max", "min", "mul", "sub", "update"]
}

extension OpContext {
  /// Throws unless `updates` can have the shape `expected`.
  func requireUpdates(_ expected: [Dim]) throws {
    let found = try shape("updates")
    guard mayEqual(found, expected) else {
      throw fault(
        "'updates' has shape \(describe(found)), not \(describe(expected))", .shapeMismatch)
    }
  }
}
