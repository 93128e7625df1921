// SPDX-License-Identifier: Apache-2.0

extension OpContext {
  /// The narrowest type that both `a` and `b` have; `nil` where they cannot meet.
  ///
  /// Where extents differ the result has one that is not known before the program runs.
  package func joined(_ a: ValueType, _ b: ValueType) -> ValueType? {
    if a == b { return a }
    switch (a, b) {
    case (.tensor(let x), .tensor(let y)):
      guard x.dtype == y.dtype, mayEqual(x.shape, y.shape) else { return nil }
      let shape = zip(x.shape, y.shape).map { p, q in p == q ? p : freshDim() }
      return .tensor(x.dtype, shape)
    case (.list(let x, let n), .list(let y, let m)):
      return joined(x, y).map { .list($0, length: n == m ? n : nil) }
    default: return nil
    }
  }
}
