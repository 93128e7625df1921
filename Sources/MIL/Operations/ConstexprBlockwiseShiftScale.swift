// SPDX-License-Identifier: Apache-2.0
package import Tensors

extension OpSpec {
  /// `scale * (data - offset)`, `scale` and `offset` each repeated over a block of `data`.
  ///
  /// C1: `data`, of rank 1 or more, and `scale` have one rank. C2: the extents of `scale` divide
  /// those of `data`. C3: `offset` has the shape of `scale`. C4: `offset` has the dtype of `data`
  /// unless it is floating point.
  static let constexprBlockwiseShiftScale = OpSpec(
    "constexpr_blockwise_shift_scale", since: .iOS18,
    operands: [
      .constant("data", .SrcT), .constant("scale", .DstT), .optionalConstant("offset", .OffsetT),
    ],
    domains: [.SrcT: .blockwise, .DstT: .floats, .OffsetT: .blockwise],
    constraints: [
      .blockRank("scale", of: "data"), .blocksDivide("scale", "data"), .offsetShape,
      .offsetDType("data"),
    ],
    results: { op in [.tensor(try op.dtype("scale"), try op.shape("data"))] })
}

extension [DType] {
  /// What blockwise quantized weights and their offsets are made of.
  package static let blockwise: [DType] = [.int4, .uint4, .int8, .uint8, .float16, .float32]
}

extension Constraint {
  /// `data`, not a scalar, has the rank of `scale`.
  static func blockRank(_ scale: String, of data: String) -> Constraint {
    Constraint("rank(\(scale)) = rank(\(data)) >= 1") { op in
      let (s, d) = (try op.rank(scale), try op.rank(data))
      guard d >= 1 else { throw op.fault("'\(data)' is a scalar", .shapeMismatch) }
      guard s == d else {
        throw op.fault("'\(scale)' has rank \(s) but '\(data)' has rank \(d)", .shapeMismatch)
      }
    }
  }

  /// The extents of `scale` divide those of `data`.
  static func blocksDivide(_ scale: String, _ data: String) -> Constraint {
    Constraint("extents(\(scale)) divide extents(\(data))") { op in
      for (axis, (s, d)) in zip(try op.shape(scale), try op.shape(data)).enumerated() {
        guard let s = s.fixed, let d = d.fixed, s != 0 ? d % s != 0 : d != 0 else { continue }
        throw op.fault(
          "axis \(axis) of '\(scale)' has extent \(s), which does not divide \(d), that of "
            + "'\(data)'", .shapeMismatch)
      }
    }
  }

  /// `offset` has the shape of `scale`.
  static let offsetShape = Constraint("shape(offset) = shape(scale)") { op in
    guard op.has("offset") else { return }
    let (offset, scale) = (try op.shape("offset"), try op.shape("scale"))
    guard op.mayEqual(offset, scale) else {
      throw op.fault(
        "'offset' is \(op.describe(offset)) but 'scale' is \(op.describe(scale))", .shapeMismatch)
    }
  }

  /// `offset` has the dtype of `data` unless it is floating point.
  static func offsetDType(_ data: String) -> Constraint {
    Constraint("dtype(offset) = dtype(\(data)) unless float") { op in
      guard op.has("offset") else { return }
      let (offset, source) = (try op.dtype("offset"), try op.dtype(data))
      guard offset.isFloat || offset == source else {
        throw op.fault(
          "'offset' is \(offset.rawValue) but '\(data)' is \(source.rawValue)", .typeMismatch)
      }
    }
  }
}
