// SPDX-License-Identifier: Apache-2.0
import Compression
import MIL
import Tensors

extension Inspection.WeightSummary {
  /// The weights of a program. Nothing is read from its weight file.
  static func list(_ program: Program) -> [Inspection.WeightSummary] {
    WeightInventory(program).weights.map { .init($0) }
  }

  init(_ weight: StoredWeight) {
    self.init(
      name: weight.name, function: weight.function,
      elementType: ElementType(weight.expression.storedDType ?? weight.dtype),
      shape: weight.shape, bytes: weight.byteCount, compression: weight.expression.words,
      uses: weight.uses.map { WeightUse($0) })
  }
}
