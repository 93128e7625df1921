// SPDX-License-Identifier: Apache-2.0
package import MIL

/// What a user may ask of the lowering of an exported program.
package struct TorchOptions: Sendable {
  package var opset: Opset
  package var functionName = "main"
  /// Which mutated buffers become states; the others become pairs of an input and an output.
  package var states: StateSelection = .all
  /// Shapes that replace those of the export, by input name. An extent that was symbolic may be
  /// bounded or fixed; symbols shared with other inputs follow.
  package var shapes: [String: [Dim]] = [:]
  /// What is known of the symbols in `shapes`.
  package var symbols = SymbolTable()

  package enum StateSelection: Sendable {
    case all
    case none
    case named(Set<String>)
  }

  package init(opset: Opset) {
    self.opset = opset
  }
}
