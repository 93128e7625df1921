// SPDX-License-Identifier: Apache-2.0
import MIL

/// The expressions of `Fixtures/torch-ops` that cannot be lowered, by family, and why.
struct UnsupportedExpressions {
  /// Why it cannot be said in MIL.
  let reason: String
  /// The first opset that can, if one can.
  var since: Opset?

  func applies(to opset: Opset) -> Bool { since.map { opset < $0 } ?? true }

  static let all: [String: [String: UnsupportedExpressions]] = [:]
}
