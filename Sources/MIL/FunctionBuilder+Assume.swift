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

  /// Whether every reader of the program infers the shape of `value` as the numbers it has here.
  ///
  /// Others know less of symbols: `x[n - 4:n]` has four elements here and an unknown number there.
  package func hasEvidentShape(_ value: Value) -> Bool {
    if scope.symbols.entries.isEmpty { return true }
    guard case .ssa(let id) = value else { return true }
    var makers: [ValueID: Operation] = [:]
    for operation in blocks.flatMap(\.block.operations) {
      for output in operation.outputs { makers[output] = operation }
    }
    var pending = [id]
    var seen = Set<ValueID>()
    while let next = pending.popLast() {
      guard seen.insert(next).inserted, let tensor = function.values[next].type.tensor else {
        continue
      }
      guard tensor.shape.allSatisfy(\.isFixed) else { return false }
      guard let maker = makers[next], function.values[next].constant == nil else { continue }
      pending += maker.shapeGivers
    }
    return true
  }

  private func contradiction(_ inferred: [Dim], _ said: [Dim]) -> Diagnostic {
    .error(
      .internalError, at: origin,
      "lowered to shape \(inferred) where the source has \(said)",
      fix: "please report this model")
  }
}

extension Operation {
  /// The operands that the shape of the results depends on.
  fileprivate var shapeGivers: [ValueID] {
    switch type {
    case "slice_update": arguments("x").compactMap(\.value)
    case "scatter", "scatter_nd", "scatter_along_axis": arguments("data").compactMap(\.value)
    default: operands
    }
  }
}
