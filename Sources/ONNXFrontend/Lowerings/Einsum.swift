// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ONNXLowering {
  /// Sums of products over named axes, as broadcast products and sums; pairs are matrix products.
  static let einsum: [ONNXLowering] = [
    ONNXLowering("Einsum", since: 12, "Inputs*", attributes: "equation") { node, build in
      guard let equation = try node.optionalString("equation") else {
        throw node.fault(.malformed, "attribute 'equation' is missing")
      }
      let values = try node.values()
      var sum = try Einsum(equation, ranks: values.map(build.rank), node)
      return try sum.apply(values, build)
    }
  ]
}

private struct Einsum {
  private let node: NodeCall
  private var terms: [[Character]]
  private let result: [Character]

  /// An ellipsis becomes capital letters of its own: they stand for axes counted from the right.
  init(_ equation: String, ranks: [Int], _ node: NodeCall) throws {
    self.node = node
    let text = equation.filter { !$0.isWhitespace }
    let sides = text.components(separatedBy: "->")
    let inputs = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard sides.count <= 2, inputs.count == ranks.count else {
      throw node.fault(
        .malformed, "attribute 'equation' is '\(equation)' for \(ranks.count) inputs")
    }
    let hidden = zip(inputs, ranks).map { term, rank in
      term.contains("...") ? rank - (term.count - 3) : 0
    }
    let dots = (0..<(hidden.max() ?? 0)).map { Character(UnicodeScalar(UInt8(192 + min($0, 60)))) }
    func letters(_ term: String, _ count: Int) -> [Character] {
      guard let dotted = term.range(of: "...") else { return Array(term) }
      return Array(term[..<dotted.lower]) + dots.suffix(max(count, 0))
        + Array(term[dotted.upper...])
    }
    terms = zip(inputs, hidden).map { letters($0, $1) }
    if sides.count == 2 {
      result = letters(sides[1], dots.count)
    } else {
      let all = terms.flatMap { $0 }
      result =
        dots
        + Set(all).subtracting(dots).sorted().filter { letter in
          all.count(where: { $0 == letter }) == 1
        }
    }
    let known = Set(terms.flatMap { $0 })
    guard zip(terms, ranks).allSatisfy({ $0.count == $1 }), Set(result).count == result.count,
      result.allSatisfy(known.contains)
    else {
      throw node.fault(.malformed, "attribute 'equation' is '\(equation)' for ranks \(ranks)")
    }
  }

  mutating func apply(_ values: [Value], _ build: FunctionBuilder) throws -> Value {
    var operands = try values.enumerated().map { try diagonal($0.element, $0.offset, build) }
    var (left, axes) = (operands.removeFirst(), terms.removeFirst())
    while !operands.isEmpty {
      let (right, other) = (operands.removeFirst(), terms.removeFirst())
      let needed = Set(result).union(terms.flatMap { $0 })
      (left, axes) = try product(left, axes, right, other, needed, build)
    }
    let gone = axes.indices.filter { !result.contains(axes[$0]) }
    if !gone.isEmpty {
      left = try build.mil.reduce_sum(x: left, axes: .ints(gone), keep_dims: false)
      axes.removeAll { !result.contains($0) }
    }
    return try build.transpose(left, result.compactMap { axes.firstIndex(of: $0) })
  }

  /// An operand that names an axis twice: the elements where both agree.
  private mutating func diagonal(
    _ value: Value, _ index: Int, _ build: FunctionBuilder
  ) throws -> Value {
    var value = value
    while let (first, second) = repeated(terms[index]) {
      let shape = try build.shape(of: value)
      guard let extent = shape[first].fixed, shape[second].fixed == extent else {
        throw node.fault(.unsupportedArgument, "takes a diagonal of an axis that is not fixed")
      }
      let rank = shape.count
      let order = (0..<rank).filter { $0 != first && $0 != second } + [first, second]
      let moved = try build.transpose(value, order)
      let flat = try build.reshape(
        moved, to: order.dropLast(2).map { shape[$0] } + [.fixed(extent * extent)])
      value = try build.mil.gather(
        x: flat, indices: .ints((0..<extent).map { $0 * (extent + 1) }), axis: -1)
      let letter = terms[index][first]
      terms[index] = order.dropLast(2).map { terms[index][$0] } + [letter]
    }
    return value
  }

  private func repeated(_ term: [Character]) -> (Int, Int)? {
    for (index, letter) in term.enumerated() {
      if let again = term[(index + 1)...].firstIndex(of: letter) { return (index, again) }
    }
    return nil
  }

  /// The product of two operands as one of matrices, summed over what is not needed any more.
  private func product(
    _ a: Value, _ x: [Character], _ b: Value, _ y: [Character], _ needed: Set<Character>,
    _ build: FunctionBuilder
  ) throws -> (Value, [Character]) {
    let batch = x.filter { y.contains($0) && needed.contains($0) }
    let summed = x.filter { y.contains($0) && !needed.contains($0) }
    let rows = x.filter { !y.contains($0) }
    let columns = y.filter { !x.contains($0) }
    func matrix(_ value: Value, _ own: [Character], _ order: [Character], _ groups: [[Character]])
      throws -> Value
    {
      let moved = try build.transpose(value, order.compactMap { own.firstIndex(of: $0) })
      let shape = try build.shape(of: moved)
      let extents = Dictionary(uniqueKeysWithValues: zip(order, shape))
      return try build.reshape(
        moved,
        to: batch.compactMap { extents[$0] }
          + groups.map { .product($0.compactMap { extents[$0] }) })
    }
    let (from, other) = (try build.shape(of: a), try build.shape(of: b))
    // Extents of 1 that broadcast do not fit a reshape of groups.
    for letter in batch + summed {
      guard let i = x.firstIndex(of: letter), let j = y.firstIndex(of: letter), from[i] != other[j]
      else { continue }
      if from[i] == 1 || other[j] == 1 {
        return try broadcast(a, x, b, y, build)
      }
    }
    let left = try matrix(a, x, batch + rows + summed, [rows, summed])
    let right = try matrix(b, y, batch + summed + columns, [summed, columns])
    let y2 = try build.mil.matmul(x: left, y: right)
    let extents = Dictionary(zip(x + y, from + other)) { first, second in
      first.isFixed ? first : second
    }
    let axes = batch + rows + columns
    return (try build.reshape(y2, to: axes.compactMap { extents[$0] }), axes)
  }

  /// The product element by element over all axes of both.
  private func broadcast(
    _ a: Value, _ x: [Character], _ b: Value, _ y: [Character], _ build: FunctionBuilder
  ) throws -> (Value, [Character]) {
    let axes = x + y.filter { !x.contains($0) }
    func spread(_ value: Value, _ own: [Character]) throws -> Value {
      let order = axes.filter(own.contains)
      let moved = try build.transpose(value, order.compactMap { own.firstIndex(of: $0) })
      let missing = axes.indices.filter { !own.contains(axes[$0]) }
      return missing.isEmpty ? moved : try build.mil.expand_dims(x: moved, axes: .ints(missing))
    }
    return (try build.mil.mul(x: spread(a, x), y: spread(b, y)), axes)
  }
}

extension String {
  /// The parts between occurrences of `separator`.
  fileprivate func components(separatedBy separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let found = rest.range(of: separator) {
      parts.append(String(rest[..<found.lower]))
      rest = rest[found.upper...]
    }
    return parts + [String(rest)]
  }
}

extension StringProtocol {
  /// The first occurrence of `text`.
  fileprivate func range(of text: String) -> (lower: Index, upper: Index)? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) {
        return (start, index(start, offsetBy: text.count))
      }
      start = index(after: start)
    }
    return nil
  }
}
