// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// A value known before the program runs; it is kept with the result, not as an operand.
  /// C1: there is one result and it has its value.
  static let const = OpSpec(
    "const", operands: [],
    constraints: [
      Constraint("one result, with a value") { op in
        let results = op.operation.outputs
        guard results.count == 1, op.values[results[0]].constant != nil else {
          throw op.fault("has no value", .invalidProgram)
        }
      }
    ],
    results: { op in op.operation.outputs.map { op.values[$0].type } })
}
