// SPDX-License-Identifier: Apache-2.0
package import Compression

/// An operand that is a weight.
public struct WeightUse: Hashable, Sendable {
  public var function: String
  /// The MIL operation (`linear`).
  public var type: String
  /// The name of the operation.
  public var operation: String
  public var operand: String

  package init(_ use: StoredWeight.Use) {
    function = use.function
    type = use.type
    operation = use.operation
    operand = use.operand
  }
}

extension [WeightUse] {
  /// `linear encoder_0_fc1`, and how many more there are.
  package var text: String {
    guard let first else { return "" }
    return "\(first.type) \(first.operation)" + (count > 1 ? " and \(count - 1) more" : "")
  }
}
