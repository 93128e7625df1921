// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  /// `nonzero_data`, in row-major order, where `mask` is 1; zeros elsewhere.
  ///
  /// C1: `nonzero_data` has rank 1 and an element for every 1 of the mask. C2 (iOS 16, where `mask`
  /// is packed bytes): it has `ceil(count / 8)` of them. C3 (iOS 16): the bits past the last element
  /// are 0.
  static let constexprSparseToDense = OpSpec(
    "constexpr_sparse_to_dense", since: .iOS16,
    operands: [
      .constant("nonzero_data", .T), .constant("mask", .uint8), .constant("shape", .uint32),
    ],
    domains: [.T: .lookups],
    revisions: [
      Signature(
        since: .iOS18, operands: [.constant("nonzero_data", .T), .constant("mask", .uint1)],
        domains: [.T: .blockwise])
    ],
    constraints: [
      .sparse("nonzero_data", mask: "mask"),
      Constraint("length(mask) = ceil(count / 8)") { op in
        if op.isPacked { try op.requirePackedLength("mask", bits: 1) }
      },
      Constraint("padding bits are 0") { op in
        guard op.isPacked, let last = try op.smallInts("mask")?.last else { return }
        let used = (elementCount(try op.packedShape()) ?? 0) % 8
        if used != 0, last >> used != 0 {
          throw op.fault("'mask' has bits set past the last element")
        }
      },
    ],
    results: { op in
      let dtype = try op.dtype("nonzero_data")
      if op.isPacked { return [.tensor(dtype, fixed: try op.packedShape())] }
      return [.tensor(dtype, try op.shape("mask"))]
    })

  /// `scale * (data - offset)` of sparse data, sparse itself: the mask and the values.
  ///
  /// C1: `nonzero_data` has rank 1 and an element for every 1 of the mask. C2: `data_mask`, of rank 1
  /// or more, and `scale` have one rank. C3: the extents of `scale` divide those of `data_mask`.
  /// C4: `offset` has the shape of `scale`. C5: `offset` has the dtype of `nonzero_data` unless it is
  /// floating point.
  static let constexprSparseBlockwiseShiftScale = OpSpec(
    "constexpr_sparse_blockwise_shift_scale", since: .iOS18,
    operands: [
      .constant("data_mask", .uint1), .constant("nonzero_data", .SrcT),
      .constant("scale", .DstT), .optionalConstant("offset", .OffsetT),
    ],
    domains: [.SrcT: .blockwise, .DstT: .floats, .OffsetT: .blockwise],
    constraints: [
      .sparse("nonzero_data", mask: "data_mask"), .blockRank("scale", of: "data_mask"),
      .blocksDivide("scale", "data_mask"), .offsetShape, .offsetDType("nonzero_data"),
    ],
    results: { op in
      [
        .tensor(.uint1, try op.shape("data_mask")),
        .tensor(try op.dtype("scale"), try op.shape("nonzero_data")),
      ]
    })
}

extension OpContext {
  /// The integers of a constant of few elements; `nil` for others.
  fileprivate func smallInts(_ name: String) throws -> [Int]? {
    guard let count = try type(of: name).count, count <= 4096 else { return nil }
    return try intsIfKnown(name)
  }

  fileprivate func requireSparse(_ data: String, mask: String) throws {
    let count = try length(data)
    guard let bits = try smallInts(mask), let found = count.fixed else { return }
    let set = bits.reduce(0) { $0 + $1.nonzeroBitCount }
    guard set == found else {
      throw fault("'\(data)' has \(found) elements but '\(mask)' has \(set) ones", .shapeMismatch)
    }
  }
}

extension Constraint {
  /// `data` is a vector with an element for every 1 of `mask` (counted where it is small).
  static func sparse(_ data: String, mask: String) -> Constraint {
    Constraint("length(\(data)) = ones of \(mask)") { op in
      try op.requireSparse(data, mask: mask)
    }
  }
}
