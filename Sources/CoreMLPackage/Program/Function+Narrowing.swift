// SPDX-License-Identifier: Apache-2.0
import MIL

extension Function {
  /// Takes over what the description says of the extents of inputs: bounds, examples, and which
  /// extents are one, because enumerated shapes go by their position in the list.
  mutating func narrowInputs(_ interface: FunctionInterface, _ symbols: inout SymbolTable) {
    var columns: [[Int]: Dim] = [:]
    for id in inputs {
      guard var type = values[id].type.tensor,
        let array = interface.inputs.first(where: { $0.name == values[id].name })?.array,
        array.shape.count == type.rank
      else { continue }
      for (axis, dim) in type.shape.enumerated() {
        guard let symbol = dim.symbol else { continue }
        var entry = symbols[symbol] ?? .init()
        entry.example = array.shape[axis]
        switch array.flexibility {
        case .ranges(let ranges) where ranges.count == type.rank:
          (entry.lower, entry.upper) = (ranges[axis].lower, ranges[axis].upper)
        case .enumerated(let shapes) where !shapes.isEmpty:
          let column = shapes.map { $0[axis] }
          if let known = columns[column] {
            type.shape[axis] = known
            symbols[symbol] = nil
            continue
          }
          columns[column] = dim
          entry.allowed = Array(Set(column)).sorted()
          (entry.lower, entry.upper) = (column.min() ?? 0, column.max())
        default: (entry.lower, entry.upper) = (array.shape[axis], array.shape[axis])
        }
        symbols[symbol] = entry
      }
      values[id].type = .tensor(type)
    }
  }
}
