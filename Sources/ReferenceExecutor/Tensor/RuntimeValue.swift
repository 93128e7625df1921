// SPDX-License-Identifier: Apache-2.0
import Tensors

/// What an SSA value may be bound to while a program runs.
package enum RuntimeValue: Sendable {
  case none
  case tensor(Tensor)
  /// Tensors of one type; `nil` where nothing was written yet.
  case list(TensorList)
  /// Scores by label, in the order of the labels: the result of `classify`.
  case scores(labels: Tensor, values: Tensor)
  /// The number of a state of the function.
  case state(Int)

  package var tensor: Tensor? {
    if case .tensor(let tensor) = self { tensor } else { nil }
  }

  /// Whether this is a tensor whose storage nothing else shares.
  mutating func isUnique() -> Bool {
    guard case .tensor(var tensor) = self else { return false }
    self = .none
    let unique = tensor.isUnique()
    self = .tensor(tensor)
    return unique
  }
}

/// The value of a MIL list.
package struct TensorList: Sendable {
  /// Extents of an element; `nil` where they follow from what is written first.
  var shape: [Int?]
  var dtype: DType
  var items: [Tensor?]
  /// Whether writing past the end makes the list longer.
  var grows: Bool
}
