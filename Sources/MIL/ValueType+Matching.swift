// SPDX-License-Identifier: Apache-2.0

extension ValueType {
  /// Whether a value declared to be of this type can be of type `other`: the same but for extents
  /// that either side does not know.
  package func admits(_ other: ValueType) -> Bool {
    switch (self, other) {
    case (.tensor(let a), .tensor(let b)), (.state(let a), .state(let b)): a.admits(b)
    case (.list(let a, let m), .list(let b, let n)):
      a.admits(b) && Self.agree(m?.fixed, n?.fixed)
    case (.tuple(let a), .tuple(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.admits($1) }
    case (.dictionary(let k, let v), .dictionary(let l, let w)): k.admits(l) && v.admits(w)
    default: false
    }
  }

  fileprivate static func agree(_ a: Int?, _ b: Int?) -> Bool {
    guard let a, let b else { return true }
    return a == b
  }
}

extension TensorType {
  /// As `ValueType.admits`.
  package func admits(_ other: TensorType) -> Bool {
    dtype == other.dtype && rank == other.rank
      && zip(shape, other.shape).allSatisfy { ValueType.agree($0.fixed, $1.fixed) }
  }
}
