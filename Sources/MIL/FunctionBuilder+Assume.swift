// SPDX-License-Identifier: Apache-2.0
import Diagnostics

extension FunctionBuilder {
  /// Takes over what the source knows of a value's shape where inference does not know it.
  ///
  /// Throws where the two contradict: the lowering that made the value is then wrong.
  package func assume(_ value: Value, shape: [Dim]) throws {
    guard case .ssa(let id) = value, var type = function.values[id].type.tensor else { return }
    guard type.rank == shape.count else {
      throw contradiction(type.shape, shape)
    }
    for axis in shape.indices where type.shape[axis] != shape[axis] {
      if let known = type.shape[axis].fixed, let said = shape[axis].fixed, known != said {
        throw contradiction(type.shape, shape)
      }
      // A number says more than an expression; the source's expression more than a fresh symbol.
      if !type.shape[axis].isFixed { type.shape[axis] = shape[axis] }
    }
    function.values[id].type = .tensor(type)
  }

  private func contradiction(_ inferred: [Dim], _ said: [Dim]) -> Diagnostic {
    .error(
      .internalError, at: origin,
      "lowered to shape \(inferred) where the source has \(said)",
      fix: "please report this model")
  }
}
