// SPDX-License-Identifier: Apache-2.0
package import Tensors

extension OpContext {
  /// Whether the operand is known when the program is loaded: a constant, or computed from
  /// constants by `constexpr_*` operations.
  package func isConstant(_ name: String) -> Bool {
    guard let argument = operation.argument(name) else { return false }
    switch argument {
    case .literal: return true
    case .value(let id): return values[id].constant != nil || values[id].isConstantExpression
    }
  }

  /// Whether the two extents can be equal when the program runs.
  package func mayEqual(_ a: Dim, _ b: Dim) -> Bool {
    let difference = a - b
    if let value = difference.fixed { return value == 0 }
    let (low, high) = bounds(difference)
    return (low ?? 0) <= 0 && (high ?? 0) >= 0
  }

  /// Whether shapes of equal rank can be equal when the program runs.
  package func mayEqual(_ a: [Dim], _ b: [Dim]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { mayEqual($0, $1) }
  }

  /// Throws unless `name`, where present, can have the shape `expected`.
  package func requireShape(_ name: String, _ expected: [Dim]) throws {
    guard has(name) else { return }
    let found = try shape(name)
    guard mayEqual(found, expected) else {
      throw fault(
        "'\(name)' has shape \(describe(found)), not \(describe(expected))", .shapeMismatch)
    }
  }

  /// The dtype that a string operand names. Throws where it is not one of `allowed`.
  package func namedDType(_ name: String, in allowed: [DType]) throws -> DType {
    let spelling = try string(name)
    guard let dtype = DType(milName: spelling), allowed.contains(dtype) else {
      let names = allowed.compactMap(\.milName).joined(separator: ", ")
      throw fault("'\(name)' is '\(spelling)', not one of \(names)", .unsupportedArgument)
    }
    return dtype
  }

  /// The integers of a constant operand that must be `count` many; `value` for each when absent.
  package func ints(_ name: String, count: Int, default value: Int) throws -> [Int] {
    guard has(name) else { return Array(repeating: value, count: count) }
    let found = try ints(name)
    guard found.count == count else {
      throw fault("'\(name)' has \(found.count) elements, not \(count)", .shapeMismatch)
    }
    return found
  }

  /// `integers` as a message shows them: `[1, 2]`.
  package func describe(_ integers: [Int]) -> String {
    "[" + integers.map(String.init).joined(separator: ", ") + "]"
  }
}
