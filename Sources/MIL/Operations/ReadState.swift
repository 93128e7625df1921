// SPDX-License-Identifier: Apache-2.0

extension OpSpec {
  /// The tensor that the state `input` holds now.
  static let readState = OpSpec(
    "read_state", since: .iOS18, operands: [.state("input")],
    results: { op in
      guard let type = try op.valueType(of: "input").state else {
        throw op.fault("'input' must be a state")
      }
      return [.tensor(type)]
    })
}
