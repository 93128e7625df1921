// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

extension FunctionBuilder {
  /// Einstein summation of any number of operands, pairwise through matrix products.
  func einsum(_ equation: String, _ operands: [Value], _ call: TorchCall) throws -> Value {
    let text = equation.filter { !$0.isWhitespace }
    guard !text.contains(".") else {
      throw call.fault("an einsum with an ellipsis is not supported", fix: "name every axis")
    }
    let sides = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(Array.init)
    guard terms.count == operands.count else {
      throw call.fault("'\(equation)' does not match its operands")
    }
    let output = sides.count == 2 ? Array(sides[1].dropFirst()) : implicitOutput(terms)
    var (labels, value) = try reduced(
      operands[0], terms[0], keep: output + terms.dropFirst().flatMap { $0 }, call)
    for index in terms.indices.dropFirst() {
      let later = output + terms[(index + 1)...].flatMap { $0 }
      let (next, other) = try reduced(operands[index], terms[index], keep: later + labels, call)
      (labels, value) = try contract(value, labels, other, next, keep: later)
    }
    (labels, value) = try reduced(value, labels, keep: output, call)
    let order = output.compactMap { labels.firstIndex(of: $0) }
    guard order.count == output.count else {
      throw call.fault("'\(equation)' has an output axis of no operand")
    }
    return order == Array(order.indices) ? value : try mil.transpose(x: value, perm: .ints(order))
  }

  /// Without an arrow: the labels that occur once, in alphabetical order.
  private func implicitOutput(_ terms: [[Character]]) -> [Character] {
    let all = terms.flatMap { $0 }
    return Set(all).filter { label in all.filter { $0 == label }.count == 1 }.sorted()
  }

  /// Sums the axes that nothing later mentions.
  private func reduced(
    _ value: Value, _ labels: [Character], keep: [Character], _ call: TorchCall
  ) throws -> ([Character], Value) {
    guard labels.count == (try rank(of: value)), Set(labels).count == labels.count else {
      throw call.fault("an einsum that takes a diagonal is not supported")
    }
    let gone = labels.indices.filter { !keep.contains(labels[$0]) }
    if gone.isEmpty { return (labels, value) }
    return (
      labels.filter(keep.contains),
      try mil.reduce_sum(x: value, axes: .ints(gone), keep_dims: false)
    )
  }

  /// One matrix product: shared labels that stay are batch axes, shared ones that go are summed.
  private func contract(
    _ a: Value, _ p: [Character], _ b: Value, _ q: [Character], keep: [Character]
  ) throws -> ([Character], Value) {
    let batch = p.filter { q.contains($0) && keep.contains($0) }
    let summed = p.filter { q.contains($0) && !keep.contains($0) }
    let left = p.filter { !q.contains($0) }
    let right = q.filter { !p.contains($0) }
    let x = try grouped(a, p, [batch, left, summed])
    let y = try grouped(b, q, [batch, summed, right])
    let extents = Dictionary(
      try zip(p + q, shape(of: a) + shape(of: b)).map { ($0, $1) },
      uniquingKeysWith: { first, _ in first })
    let product = try mil.matmul(x: x, y: y)
    let labels = batch + left + right
    return (labels, try reshape(product, to: labels.compactMap { extents[$0] }))
  }

  /// `value` with its axes in the order of `groups`; batch axes kept, the others merged per group.
  private func grouped(
    _ value: Value, _ labels: [Character], _ groups: [[Character]]
  ) throws -> Value {
    let shape = try self.shape(of: value)
    let order = groups.flatMap { $0 }.compactMap { labels.firstIndex(of: $0) }
    let permuted =
      order == Array(order.indices) ? value : try mil.transpose(x: value, perm: .ints(order))
    let merged = groups.map { group in
      group.compactMap { labels.firstIndex(of: $0) }.map { shape[$0] }
    }
    let flat = merged[0] + merged[1...].map { $0.reduce(.fixed(1)) { $0 * $1 } }
    return try reshape(permuted, to: flat)
  }
}
