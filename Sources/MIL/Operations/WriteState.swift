// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// Makes `data` the tensor that the state `input` holds; no results.
  ///
  /// Not an operation of coremltools' registry: this is how a program is stored.
  /// C1: `data` has dtype and shape of the state.
  static let writeState = OpSpec(
    "write_state", since: .iOS18,
    operands: [.state("input"), .tensor("data", .T)], domains: [.T: .runtime],
    constraints: [
      Constraint("data has the type of the state") { op in
        guard let state = try op.valueType(of: "input").state else { return }
        let data = try op.type(of: "data")
        guard data.dtype == state.dtype, op.mayEqual(data.shape, state.shape) else {
          throw op.fault("'data' is \(data) but the state holds \(state)", .typeMismatch)
        }
      }
    ],
    results: { _ in [] })
}
