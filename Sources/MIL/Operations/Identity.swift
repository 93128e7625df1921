// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// `y = x`, of any type but a state. C1: `x` is not a state.
  static let identity = OpSpec(
    "identity", operands: [Operand("x", types: .any)],
    constraints: [
      Constraint("x is not a state") { op in
        if try op.valueType(of: "x").state != nil {
          throw op.fault("'x' is a state", .typeMismatch, fix: "read it with 'read_state'")
        }
      }
    ],
    results: { op in [try op.valueType(of: "x")] })
}
