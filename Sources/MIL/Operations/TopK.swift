// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// The `k` largest (smallest with `ascending`) elements along `axis`, and where they were.
  ///
  /// C1: `-rank(x) <= axis < rank(x)`. C2: `1 <= k <= extent`. C3: `output_indices_dtype` is int32
  /// or uint16. C4: it is given only where indices are returned.
  static let topk = OpSpec(
    "topk",
    operands: [
      .tensor("x", .T), .optionalConstant("k", .int32, default: 1),
      .optionalConstant("axis", .int32, default: -1),
      .optionalConstant("ascending", .bool, default: false),
    ],
    domains: [.T: .numbers],
    revisions: [
      Signature(
        since: .iOS16,
        operands: [
          .tensor("x", .T), .optionalConstant("k", .int32, default: 1),
          .optionalConstant("axis", .int32, default: -1),
          .optionalConstant("ascending", .bool, default: false),
          .optionalConstant("sort", .bool, default: true),
          .optionalConstant("return_indices", .bool, default: true),
        ], domains: [.T: .numbers]),
      Signature(
        since: .iOS17,
        operands: [
          .tensor("x", .T), .optionalConstant("k", .K, default: 1),
          .optionalConstant("axis", .int32, default: -1),
          .optionalConstant("ascending", .bool, default: false),
          .optionalConstant("sort", .bool, default: true),
          .optionalConstant("return_indices", .bool, default: true),
          .optionalConstant("output_indices_dtype", .string),
        ], domains: [.T: .runtimeNumbers, .K: .extents]),
    ],
    constraints: [
      .axis("axis", within: "x"),
      Constraint("1 <= k <= extent(x, axis)") { op in
        let (k, x) = (try op.int("k"), try op.shape("x"))
        try op.requireAtLeast(1, "k", [k])
        let extent = x[try op.axis("axis", rank: x.count)]
        if let most = op.bounds(extent).upper, k > most {
          throw op.fault("'k' is \(k) but the axis has extent \(extent)", .shapeMismatch)
        }
      },
      .choice("output_indices_dtype", ["int32", "uint16"]),
      Constraint("output_indices_dtype only with return_indices") { op in
        if op.has("output_indices_dtype"), try !op.returnsIndices() {
          throw op.fault("'output_indices_dtype' is given but 'return_indices' is false")
        }
      },
    ],
    results: { op in
      let x = try op.type(of: "x")
      var shape = x.shape
      shape[try op.axis("axis", rank: x.rank)] = .fixed(try op.int("k"))
      guard try op.returnsIndices() else { return [.tensor(x.dtype, shape)] }
      let isShort =
        try op.has("output_indices_dtype") && op.string("output_indices_dtype") == "uint16"
      return [.tensor(x.dtype, shape), .tensor(isShort ? .uint16 : .int32, shape)]
    })
}

extension OpContext {
  /// `return_indices`, true where the opset does not have it.
  fileprivate func returnsIndices() throws -> Bool {
    try signature.operand("return_indices") == nil || bool("return_indices")
  }
}
