// SPDX-License-Identifier: Apache-2.0
import MIL

/// How the operands of an operation are stored, where that is not by the names of values.
enum OperandForm {
  /// Bound to values by name; the usual.
  case names
  /// Constants stand in the operation's attributes: `constexpr_*` as iOS 16 defined them.
  case attributes
  /// Constants stand in the bindings: `constexpr_*` as iOS 18 defined them.
  case literals
}

/// Looks up how operands are stored and in which order a signature lists them.
struct OperandForms {
  private let opset: Opset
  private let catalogue: Catalogue
  private var orders: [String: [String: Int]] = [:]

  init(opset: Opset, catalogue: Catalogue = .standard) {
    self.opset = opset
    self.catalogue = catalogue
  }

  /// The form of operand `name`.
  func form(_ type: String, _ name: String) -> OperandForm {
    if type.hasPrefix("constexpr_") {
      let since = catalogue[type]?.signature(in: opset)?.since ?? opset
      return since < .iOS18 ? .attributes : .literals
    }
    switch (type, name) {
    case ("classify", "classes"), ("reshape_like", "begins"), ("reshape_like", "ends"),
      ("reshape_like", "end_masks"):
      return .literals
    default: return .names
    }
  }

  /// Puts operands into the order of the signature; a file has them in any order.
  mutating func sort(_ inputs: inout [Operation.Input], of type: String) {
    if inputs.count < 2 { return }
    let order = order(of: type)
    inputs.sort { a, b in
      (order[a.name] ?? .max, a.name) < (order[b.name] ?? .max, b.name)
    }
  }

  private mutating func order(of type: String) -> [String: Int] {
    if let known = orders[type] { return known }
    let operands = catalogue[type]?.signature(in: opset)?.operands ?? []
    let order = Dictionary(
      operands.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: min)
    orders[type] = order
    return order
  }
}
