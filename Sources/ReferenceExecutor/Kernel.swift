// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What an operation computes, in plain loops: the written meaning of one MIL operation.
///
/// A kernel may compute in float32 (or wider); the executor rounds its results to their dtype.
package struct Kernel: Sendable {
  /// The MIL operation.
  package let name: String
  /// Whether results are rounded to their dtype afterwards; not needed where values only move.
  let rounds: Bool
  /// Whether equal operands always give equal results, so that it may run before the program does.
  let isPure: Bool
  let body: @Sendable (KernelCall) throws -> [RuntimeValue]

  /// A kernel with one tensor as its result.
  /// - Parameter moves: every element of the result is an element of an operand.
  init(
    _ name: String, moves: Bool = false, isPure: Bool = true,
    _ body: @escaping @Sendable (KernelCall) throws -> Tensor
  ) {
    self.name = name
    self.rounds = !moves
    self.isPure = isPure
    self.body = { [.tensor(try body($0))] }
  }

  /// A kernel with any number of tensors as its results.
  init(
    _ name: String, moves: Bool = false,
    several body: @escaping @Sendable (KernelCall) throws -> [Tensor]
  ) {
    self.name = name
    self.rounds = !moves
    self.isPure = true
    self.body = { try body($0).map { .tensor($0) } }
  }

  /// A kernel over lists and other values that are not tensors.
  init(
    _ name: String, values body: @escaping @Sendable (KernelCall) throws -> [RuntimeValue]
  ) {
    self.name = name
    self.rounds = false
    self.isPure = false
    self.body = body
  }

  /// Runs the kernel; a diagnostic it throws is placed at the operation.
  func run(_ call: KernelCall) throws -> [RuntimeValue] {
    try withExtendedLifetime(call) {
      let results = try body(call)
      if rounds {
        for case .tensor(let result) in results { result.roundToDType() }
      }
      return results
    }
  }

  /// The kernels by operation.
  package static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
}
