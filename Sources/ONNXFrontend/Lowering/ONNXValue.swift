// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

/// A value of the source graph while it is lowered.
struct ONNXValue {
  var content: Content
  /// The element type that the source gives it; the program may hold it in a wider one.
  var dtype: DType

  enum Content {
    case value(Value)
    /// A small tensor whose elements are known.
    case known(Known)
    /// A weight in the dtype of running programs, under its name in the source, and as stored.
    case weight(any WeightSource, name: String, stored: any WeightSource)
    case sequence([ONNXValue])
    /// An optional that holds nothing.
    case empty
    /// Strings and types that cannot be computed with.
    case unreadable(String)
    /// The result of a node that could not be lowered.
    case poisoned
  }

  init(_ content: Content, _ dtype: DType) {
    self.content = content
    self.dtype = dtype
  }

  init(_ value: Value, _ dtype: DType) { self.init(.value(value), dtype) }
  init(_ known: Known, _ dtype: DType) { self.init(.known(known), dtype) }

  static let poisoned = ONNXValue(.poisoned, .float32)

  var isPoisoned: Bool {
    switch content {
    case .poisoned: true
    case .sequence(let items): items.contains { $0.isPoisoned }
    default: false
    }
  }
}

/// Thrown where a node depends on one that was reported already.
struct DependsOnFailure: Error {}
