// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// The results of the first block where `pred` holds, else those of the second.
  ///
  /// C1: `pred` is one bool. C2: there are two blocks without arguments. C3: they have as many
  /// results, of the same types pairwise.
  static let cond = OpSpec(
    "cond", operands: [.tensor("pred", .bool)],
    constraints: [
      .single("pred"),
      Constraint("two blocks without arguments") { op in
        let blocks = op.operation.blocks
        guard blocks.count == 2, blocks.allSatisfy(\.inputs.isEmpty) else {
          throw op.fault("needs two blocks without arguments", .invalidProgram)
        }
      },
      Constraint("results of the blocks agree") { op in _ = try op.branchTypes() },
    ],
    results: { op in try op.branchTypes() })
}

extension OpContext {
  /// The types of the results of a nested block.
  func resultTypes(of block: Block) -> [ValueType] { block.outputs.map { values[$0].type } }

  fileprivate func branchTypes() throws -> [ValueType] {
    let (yes, no) = (
      resultTypes(of: operation.blocks[0]), resultTypes(of: operation.blocks[1])
    )
    guard yes.count == no.count else {
      throw fault("the blocks have \(yes.count) and \(no.count) results", .invalidProgram)
    }
    return try zip(yes, no).enumerated().map { index, pair in
      guard let type = joined(pair.0, pair.1) else {
        throw fault(
          "result \(index) is \(pair.0) in one block, \(pair.1) in the other", .typeMismatch)
      }
      return type
    }
  }
}
