// SPDX-License-Identifier: Apache-2.0
package import Tensors

extension OpSpec {
  /// The entries of `lut` that `indices` name.
  ///
  /// iOS 16: `indices` are packed bytes, `lut` a vector, `shape` that of the result. C1: `lut` has
  /// 2, 4, 16, 64 or 256 elements. C2: `indices` has `ceil(bits * count / 8)` bytes.
  /// iOS 18: `lut` is [groups..., 2^bits, vector]. C3: `rank(lut) = rank(indices) + 2`.
  /// C4: the groups divide the extents of `indices`. C5: `lut` has as many entries as the dtype of
  /// `indices` counts. C6: `vector_axis` lies in `-rank(indices)..<rank(indices)`, and is given
  /// where vectors have more than one element.
  static let constexprLUTToDense = OpSpec(
    "constexpr_lut_to_dense", since: .iOS16,
    operands: [
      .constant("indices", .uint8), .constant("lut", .T), .constant("shape", .uint32),
    ],
    domains: [.T: .lookups],
    revisions: [
      Signature(
        since: .iOS18,
        operands: [
          .constant("indices", .IndicesT), .constant("lut", .T),
          .optionalConstant("vector_axis", .int32),
        ], domains: [.IndicesT: .lookupIndices, .T: .lookups])
    ],
    constraints: [
      Constraint("count(lut) in {2, 4, 16, 64, 256}") { op in
        if op.isPacked { _ = try op.packedIndexWidth() }
      },
      Constraint("length(indices) = ceil(bits * count / 8)") { op in
        if op.isPacked {
          try op.requirePackedLength("indices", bits: op.packedIndexWidth())
        }
      },
      .lookupRank("indices"), .lookupGroups("indices"), .lookupEntries("indices"),
      .lookupVectorAxis("indices"),
    ],
    results: { op in
      let dtype = try op.dtype("lut")
      if op.isPacked { return [.tensor(dtype, fixed: try op.packedShape())] }
      return [.tensor(dtype, try op.vectorized("indices"))]
    })

  /// The entries of `lut` that the sparse indices name, sparse themselves: the mask and the values.
  ///
  /// C1: `indices_nonzero_data` has rank 1 and an element for every 1 of the mask. C2-C5 as C3-C6 of
  /// `constexpr_lut_to_dense`.
  static let constexprLUTToSparse = OpSpec(
    "constexpr_lut_to_sparse", since: .iOS18,
    operands: [
      .constant("indices_mask", .uint1), .constant("indices_nonzero_data", .IndicesT),
      .constant("lut", .T), .optionalConstant("vector_axis", .int32),
    ],
    domains: [.IndicesT: .lookupIndices, .T: .lookups],
    constraints: [
      .sparse("indices_nonzero_data", mask: "indices_mask"), .lookupRank("indices_mask"),
      .lookupGroups("indices_mask"), .lookupEntries("indices_nonzero_data"),
      .lookupVectorAxis("indices_mask"),
    ],
    results: { op in
      let vector = try op.shape("lut").last ?? 1
      return [
        .tensor(.uint1, try op.vectorized("indices_mask")),
        .tensor(try op.dtype("lut"), [try op.length("indices_nonzero_data") * vector]),
      ]
    })
}

extension [DType] {
  /// What a lookup table holds.
  package static let lookups: [DType] = [.int8, .uint8, .float16, .float32]
  /// What names an entry of a lookup table since iOS 18.
  package static let lookupIndices: [DType] = [.uint1, .uint2, .uint3, .uint4, .uint6, .uint8]
}

extension OpContext {
  /// Whether the operation is the form of iOS 16: packed bytes beside the shape of the result.
  var isPacked: Bool { signature.operand("shape") != nil }

  /// The shape of the result of the form of iOS 16.
  func packedShape() throws -> [Int] {
    let shape = try vector("shape")
    guard elementCount(shape) != nil else {
      throw fault("'shape' is \(describe(shape)), too many elements", .shapeMismatch)
    }
    return shape
  }

  /// Throws unless `name` is a vector of the bytes that `bits` for each element of the result take.
  func requirePackedLength(_ name: String, bits: Int) throws {
    let count = try elementCount(packedShape()) ?? 0
    let (total, overflow) = count.multipliedReportingOverflow(by: bits)
    guard !overflow, total <= Int.max - 7 else { throw fault("'shape' is too large") }
    try requireShape(name, [.fixed((total + 7) / 8)])
  }

  /// Bits of a packed index, from the number of entries.
  fileprivate func packedIndexWidth() throws -> Int {
    let widths = [2: 1, 4: 2, 16: 4, 64: 6, 256: 8]
    let count = try length("lut")
    guard let width = count.fixed.flatMap({ widths[$0] }) else {
      throw fault("'lut' has \(count) elements, not one of 2, 4, 16, 64, 256", .shapeMismatch)
    }
    return width
  }

  /// The shape of `indices` with the vectors of the table laid along `vector_axis`.
  fileprivate func vectorized(_ indices: String) throws -> [Dim] {
    var shape = try shape(indices)
    guard let vector = try self.shape("lut").last, vector != 1 else { return shape }
    let axis = try axis("vector_axis", rank: shape.count)
    shape[axis] = shape[axis] * vector
    return shape
  }
}

extension Constraint {
  fileprivate static func lookupRank(_ indices: String) -> Constraint {
    Constraint("rank(lut) = rank(\(indices)) + 2") { op in
      guard !op.isPacked else { return }
      let (table, rank) = (try op.rank("lut"), try op.rank(indices))
      guard rank >= 1 else { throw op.fault("'\(indices)' is a scalar", .shapeMismatch) }
      guard table == rank + 2 else {
        throw op.fault(
          "'lut' has rank \(table) but '\(indices)' has rank \(rank), not 2 less", .shapeMismatch)
      }
    }
  }

  fileprivate static func lookupGroups(_ indices: String) -> Constraint {
    Constraint("extents(lut) divide extents(\(indices))") { op in
      if !op.isPacked { try blocksDivide("lut", indices).check(op) }
    }
  }

  fileprivate static func lookupEntries(_ indices: String) -> Constraint {
    Constraint("extent(lut, -2) = 2^bits(\(indices))") { op in
      guard !op.isPacked else { return }
      let (table, dtype) = (try op.shape("lut"), try op.dtype(indices))
      guard table[table.count - 2] == .fixed(1 << dtype.bitWidth) else {
        throw op.fault(
          "'lut' has \(table[table.count - 2]) entries but '\(indices)' is \(dtype.rawValue)",
          .shapeMismatch)
      }
    }
  }

  fileprivate static func lookupVectorAxis(_ indices: String) -> Constraint {
    Constraint("vector_axis within rank(\(indices)), given for vectors") { op in
      guard !op.isPacked else { return }
      if op.has("vector_axis") {
        _ = try op.axis("vector_axis", rank: op.rank(indices))
      } else if let vector = try op.shape("lut").last, vector != 1 {
        throw op.fault("'vector_axis' is missing for vectors of \(vector)", .unsupportedArgument)
      }
    }
  }
}
