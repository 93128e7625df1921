// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// Blocks of the plane of `x`, [n, C, H, W], padded first, become images of the batch.
  ///
  /// C1: `rank(x) = 4`. C2: `block_shape` has 2 elements, at least 1. C3: `paddings` is [2, 2], not
  /// negative. C4: the padded extents are multiples of the blocks.
  static let spaceToBatch = OpSpec(
    "space_to_batch",
    operands: [
      .tensor("x", .T), .constant("block_shape", .int32), .constant("paddings", .int32),
    ],
    domains: [.T: .floats],
    constraints: [
      .rank("x", 4), .pairOfBlocks, .marginsOfPlane("paddings"),
      Constraint("padded extents are multiples of block_shape") { op in
        for (extent, block) in zip(try op.paddedPlane(), try op.ints("block_shape")) {
          guard let rest = Dim.mod(extent, .fixed(block)).fixed, rest != 0 else { continue }
          throw op.fault(
            "a padded extent is \(extent), not a multiple of the block \(block)", .shapeMismatch)
        }
      },
    ],
    results: { op in
      let (x, blocks) = (try op.type(of: "x"), try op.ints("block_shape").map { Dim.fixed($0) })
      let plane = zip(try op.paddedPlane(), blocks).map { Dim.floorDiv($0, $1) }
      return [.tensor(x.dtype, [x.shape[0] * op.product(blocks), x.shape[1]] + plane)]
    })

  /// The inverse of `space_to_batch`: images of the batch become blocks of the plane, then cropped.
  ///
  /// C1: `rank(x) = 4`. C2: `block_shape` has 2 elements, at least 1. C3: `crops` is [2, 2], not
  /// negative. C4: the batch is a multiple of the block's size. C5: something is left.
  static let batchToSpace = OpSpec(
    "batch_to_space",
    operands: [.tensor("x", .T), .constant("block_shape", .int32), .constant("crops", .int32)],
    domains: [.T: .floats],
    constraints: [
      .rank("x", 4), .pairOfBlocks, .marginsOfPlane("crops"),
      Constraint("n is a multiple of product(block_shape)") { op in
        let batch = try op.shape("x")[0]
        let block = op.product(try op.ints("block_shape").map { .fixed($0) })
        if let rest = Dim.mod(batch, block).fixed, rest != 0 {
          throw op.fault("the batch is \(batch), not a multiple of \(block)", .shapeMismatch)
        }
      },
      Constraint("cropped extents >= 0") { op in
        for extent in try op.croppedPlane() {
          if let value = extent.fixed, value < 0 {
            throw op.fault("'crops' leave an extent of \(value)", .shapeMismatch)
          }
        }
      },
    ],
    results: { op in
      let (x, blocks) = (try op.type(of: "x"), try op.ints("block_shape").map { Dim.fixed($0) })
      let batch = Dim.floorDiv(x.shape[0], op.product(blocks))
      return [.tensor(x.dtype, [batch, x.shape[1]] + (try op.croppedPlane()))]
    })
}

extension OpContext {
  fileprivate func paddedPlane() throws -> [Dim] {
    let margins = try ints("paddings").map { Dim.fixed($0) }
    return try shape("x").dropFirst(2).enumerated().map { index, extent in
      extent + margins[2 * index] + margins[2 * index + 1]
    }
  }

  fileprivate func croppedPlane() throws -> [Dim] {
    let margins = try ints("crops").map { Dim.fixed($0) }
    let blocks = try ints("block_shape")
    return try shape("x").dropFirst(2).enumerated().map { index, extent in
      extent * .fixed(blocks[index]) - margins[2 * index] - margins[2 * index + 1]
    }
  }
}

extension Constraint {
  fileprivate static let pairOfBlocks = Constraint("block_shape is [2], >= 1") { op in
    try op.requireShape("block_shape", [2])
    try op.requireAtLeast(1, "block_shape", op.ints("block_shape"))
  }

  fileprivate static func marginsOfPlane(_ name: String) -> Constraint {
    Constraint("\(name) is [2, 2], >= 0") { op in
      try op.requireShape(name, [2, 2])
      try op.requireAtLeast(0, name, op.ints(name))
    }
  }
}
