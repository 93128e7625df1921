// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL
import Synchronization

/// The states of one session with an executable: named tensors that outlive a prediction.
///
/// Predictions on one session run one after the other; a prediction that fails leaves every state
/// as it was.
package final class SessionState: Sendable {
  package let types: [(name: String, type: TensorType)]
  private let values: Mutex<[Tensor]>

  /// Every state zero.
  init(_ types: [(name: String, type: TensorType)]) throws {
    self.types = types
    values = Mutex(try Self.zeros(types))
  }

  private init(_ types: [(name: String, type: TensorType)], _ tensors: [Tensor]) {
    self.types = types
    values = Mutex(tensors)
  }

  private static func zeros(_ types: [(name: String, type: TensorType)]) throws -> [Tensor] {
    try types.map { name, type in
      guard let shape = type.fixedShape else {
        throw Diagnostic.error(
          .invalidProgram, "state '\(name)' has the shape \(type), which is not fixed")
      }
      return try Tensor(zeros: type.dtype, shape)
    }
  }

  package var names: [String] { types.map(\.name) }

  /// The value of a state.
  package func read(_ name: String) throws -> Tensor {
    let index = try index(name)
    return values.withLock { $0[index] }
  }

  /// Replaces the value of a state; dtype and shape must be the declared ones.
  package func write(_ tensor: Tensor, to name: String) throws {
    let index = try index(name)
    let type = types[index].type
    guard tensor.dtype == type.dtype, tensor.shape == type.fixedShape else {
      throw Diagnostic.error(
        .typeMismatch, "state '\(name)' is \(type), which \(tensor) does not fit")
    }
    values.withLock { $0[index] = tensor }
  }

  /// Makes every state zero again.
  package func reset() throws {
    let zeros = try Self.zeros(types)
    values.withLock { $0 = zeros }
  }

  /// A session of its own that starts with the values of this one.
  package func copy() -> SessionState {
    SessionState(types, values.withLock { $0 })
  }

  /// Gives `body` the values, for it alone.
  func withValues<T>(_ body: (inout [Tensor]) throws -> sending T) rethrows -> sending T {
    try values.withLock { try body(&$0) }
  }

  private func index(_ name: String) throws -> Int {
    guard let index = types.firstIndex(where: { $0.name == name }) else {
      let known = names.isEmpty ? "there are none" : names.joined(separator: ", ")
      throw Diagnostic.error(.usage, "no state is named '\(name)' (\(known))")
    }
    return index
  }
}
