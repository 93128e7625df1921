// SPDX-License-Identifier: Apache-2.0
package import MIL
package import Tensors

/// A weight of a program, as operations see it and as the package stores it.
package struct StoredWeight: Sendable {
  /// One operand that is the weight.
  package struct Use: Hashable, Sendable {
    package var function: String
    /// The MIL operation (`linear`).
    package var type: String
    /// The name of the operation.
    package var operation: String
    package var operand: String
  }

  package let function: String
  package let id: ValueID
  package let name: String
  package let expression: WeightExpression
  package let dtype: DType
  package let shape: [Int]
  /// Of every function that uses it.
  package var uses: [Use]

  package var count: Int { shape.reduce(1, *) }
  /// Bytes of all parts together.
  package var byteCount: Int { expression.byteCount }
  package var bitsPerElement: Double { Double(byteCount) * 8 / Double(max(1, count)) }
}

/// Finds the weights of a program: constants of the weight file, and what `constexpr_*` operations
/// make of them. Nothing is read from the file. A weight that functions share is there once, under
/// the first function that has it.
package struct WeightInventory: Sendable {
  package private(set) var weights: [StoredWeight] = []
  /// Places of weights by what they consist of.
  private var places: [String: Int] = [:]

  package init(_ program: Program) {
    for function in program.functions { add(function) }
  }

  private mutating func add(_ function: Function) {
    let reader = WeightReader(function)
    var uses = WeightUses(function)
    uses.visit(function.body)
    for id in uses.order where !uses.onlyParts.contains(id) {
      guard let expression = try? reader.expression(of: id), expression.isStored,
        let type = function.values[id].type.tensor ?? expression.type, let shape = type.fixedShape
      else { continue }
      let key = expression.key
      if let place = places[key] {
        weights[place].uses += uses.uses[id] ?? []
        continue
      }
      places[key] = weights.count
      weights.append(
        StoredWeight(
          function: function.name, id: id, name: function.values[id].name, expression: expression,
          dtype: type.dtype, shape: shape, uses: uses.uses[id] ?? []))
    }
  }
}

/// Which operations use the constants of a function.
private struct WeightUses {
  let function: Function
  /// Constants and results of `constexpr_*`, in the order of their definition.
  var order: [ValueID] = []
  var uses: [ValueID: [StoredWeight.Use]] = [:]
  /// Those that nothing but `constexpr_*` operations use.
  var onlyParts: Set<ValueID> { parts.subtracting(uses.keys) }
  private var parts: Set<ValueID> = []

  init(_ function: Function) { self.function = function }

  mutating func visit(_ block: Block) {
    for operation in block.operations {
      let isExpression = operation.type.hasPrefix("constexpr_")
      if isExpression || operation.type == "const" { order += operation.outputs }
      for input in operation.inputs {
        for id in input.arguments.compactMap(\.value) {
          if isExpression {
            parts.insert(id)
          } else if isWeight(id) {
            uses[id, default: []].append(
              .init(
                function: function.name, type: operation.type, operation: operation.name,
                operand: input.name))
          }
        }
      }
      for nested in operation.blocks { visit(nested) }
    }
  }

  private func isWeight(_ id: ValueID) -> Bool {
    function.values.contains(id)
      && (function.values[id].constant != nil || function.values[id].isConstantExpression)
  }
}

extension WeightExpression {
  /// The constants that the value is made from, with the operands that they are.
  var constants: [(operation: String, operand: String, constant: Constant)] {
    if case .constant(let constant) = self { return [("const", "val", constant)] }
    return operations.flatMap { operation in
      operation.inputs.compactMap { input in
        guard case .constant(let constant) = input.value else { return nil }
        return (operation.type, input.name, constant)
      }
    }
  }

  /// Whether any part of the value is in a weight file.
  package var isStored: Bool {
    constants.contains { part in
      if case .weights = part.constant.payload { true } else { false }
    }
  }

  /// Equal for weights stored in equal parts.
  package var key: String {
    constants.map { part in
      "\(part.operation).\(part.operand)=\(part.constant.source?.key ?? part.constant.string ?? "")"
    }.joined(separator: ";")
  }
}
