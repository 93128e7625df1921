// SPDX-License-Identifier: Apache-2.0

extension ValueTable {
  /// Marks every value that Core ML can compute when it loads the model: results of `constexpr_*`
  /// operations, and of operations over nothing but such values and constants.
  ///
  /// The builder is stricter (`constexpr_*` alone); this is what programs of other writers get by
  /// with.
  package mutating func markConstantExpressions(in block: Block) {
    for operation in block.operations where operation.type != "const" {
      for nested in operation.blocks { markConstantExpressions(in: nested) }
      guard operation.isConstantExpression || isFoldable(operation) else { continue }
      for id in operation.outputs where contains(id) { self[id].isConstantExpression = true }
    }
  }

  private func isFoldable(_ operation: Operation) -> Bool {
    let operands = operation.operands
    return !operands.isEmpty && operation.blocks.isEmpty && !operation.type.hasPrefix("random_")
      && operands.allSatisfy {
        contains($0) && (self[$0].constant != nil || self[$0].isConstantExpression)
      }
  }

  /// Whether `id` is a value of this table.
  package func contains(_ id: ValueID) -> Bool { (0..<count).contains(id.index) }
}

extension Operation {
  /// The operation with the attributes that `signature` knows as operands bound as literals: the
  /// form that `constexpr_*` operations have before iOS 18.
  func bindingAttributes(of signature: Signature) -> Operation {
    guard isConstantExpression, !attributes.isEmpty else { return self }
    var copy = self
    for attribute in attributes
    where signature.operand(attribute.name) != nil && arguments(attribute.name).isEmpty {
      copy.inputs.append(.init(attribute.name, [.literal(attribute.value)]))
    }
    return copy
  }
}
