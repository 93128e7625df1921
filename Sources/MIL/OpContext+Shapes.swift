// SPDX-License-Identifier: Apache-2.0
package import Tensors

extension OpContext {
  /// The shape two operands broadcast to, aligned at the last axis (NumPy's rule).
  package func broadcast(_ a: [Dim], _ b: [Dim]) throws -> [Dim] {
    let rank = max(a.count, b.count)
    let x = Array(repeating: Dim.fixed(1), count: rank - a.count) + a
    let y = Array(repeating: Dim.fixed(1), count: rank - b.count) + b
    return try zip(x, y).map { p, q in
      if p == q || q == .fixed(1) { return p }
      if p == .fixed(1) { return q }
      // One extent is symbolic: at run time it is 1 or the other one, which a fixed one decides.
      if p.isFixed && q.isFixed {
        throw fault("shapes \(describe(a)) and \(describe(b)) do not broadcast", .shapeMismatch)
      }
      return p.isFixed ? p : q
    }
  }

  /// `[1, T, 64]`.
  package func describe(_ shape: [Dim]) -> String {
    "[" + shape.map(\.description).joined(separator: ", ") + "]"
  }

  /// The type of `name` with another dtype or shape.
  package func tensor(_ dtype: DType, _ shape: [Dim]) -> ValueType { .tensor(dtype, shape) }
}
