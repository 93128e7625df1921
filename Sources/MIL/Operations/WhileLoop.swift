// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `loop_vars` passed through the second block for as long as the first gives true.
  ///
  /// C1: there are two blocks, each with an argument for every loop variable. C2: the arguments
  /// have the types of the variables. C3: the first block has one bool as its result. C4: the second
  /// has a result for every variable, of its type.
  static let whileLoop = OpSpec(
    "while_loop", operands: [.variadic("loop_vars")],
    constraints: [
      Constraint("two blocks, an argument per loop variable") { op in
        let count = op.types(of: "loop_vars").count
        let blocks = op.operation.blocks
        guard blocks.count == 2 else {
          throw op.fault("needs two blocks, has \(blocks.count)", .invalidProgram)
        }
        for block in blocks where block.inputs.count != count {
          throw op.fault(
            "a block has \(block.inputs.count) arguments for \(count) 'loop_vars'",
            .invalidProgram)
        }
      },
      Constraint("arguments have the types of the variables") { op in
        _ = try op.joinedWithArguments(op.types(of: "loop_vars"), what: "loop variable")
      },
      Constraint("the first block gives one bool") { op in
        let types = op.resultTypes(of: op.operation.blocks[0])
        guard types.count == 1, let type = types[0].tensor, type.dtype == .bool, type.count == 1
        else { throw op.fault("the first block must give one bool", .typeMismatch) }
      },
      Constraint("the second block gives a value per loop variable") { op in
        _ = try op.joinedWithArguments(
          op.resultTypes(of: op.operation.blocks[1]), what: "result")
      },
    ],
    results: { op in
      let before = op.types(of: "loop_vars")
      let after = try op.joinedWithArguments(
        op.resultTypes(of: op.operation.blocks[1]), what: "result")
      return zip(before, after).map { op.joined($0, $1) ?? $1 }
    })
}

extension OpContext {
  /// `types` each joined with the argument of the second block in its place.
  fileprivate func joinedWithArguments(
    _ types: [ValueType], what: String
  ) throws -> [ValueType] {
    let arguments = operation.blocks[1].inputs
    guard types.count == arguments.count else {
      throw fault(
        "the second block has \(types.count) results for \(arguments.count) 'loop_vars'",
        .invalidProgram)
    }
    return try zip(types, arguments).enumerated().map { index, pair in
      let argument = values[pair.1].type
      guard let type = joined(pair.0, argument) else {
        throw fault("\(what) \(index) is \(pair.0) but the argument \(argument)", .typeMismatch)
      }
      return type
    }
  }
}
