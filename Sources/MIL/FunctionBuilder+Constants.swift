// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import Tensors

extension FunctionBuilder {
  /// Adds a constant under a name of its own; weights keep the name of their parameter.
  package func const(_ name: String, _ constant: Constant) -> Value {
    .ssa(addConst(name, constant))
  }

  func addConst(_ name: String, _ constant: Constant) -> ValueID {
    let id = function.values.add(
      ValueInfo(name: name, type: constant.type, constant: constant))
    var operation = Operation("const", name: function.values[id].name, origin: origin)
    operation.outputs = [id]
    blocks[blocks.count - 1].block.operations.append(operation)
    return id
  }

  /// The SSA value of `value`, emitting a constant or the arithmetic of extents where needed.
  func materialize(_ value: Value, for dtype: DType?, hint: String = "const") throws -> ValueID {
    switch value {
    case .ssa(let id): return id
    case .dim(let dim): return try materialize(dim)
    case .dims(let dims):
      if let fixed = dims.map(\.fixed) as [Int?]?, !fixed.contains(nil) {
        return try shared(literalConstant(.ints(fixed.compactMap { $0 }), dtype: dtype), hint)
      }
      let parts = try dims.map { dim -> Value in
        if let fixed = dim.fixed { return .ints([fixed]) }
        return try mil.expand_dims(x: .ssa(materialize(dim)), axes: [0])
      }
      let joined = parts.count == 1 ? parts[0] : try mil.concat(values: .many(parts), axis: 0)
      guard let id = joined.id else { throw internalFault("extents gave no value") }
      return id
    case .many: throw internalFault("several values where one is needed")
    default: return try shared(literalConstant(value, dtype: dtype), hint)
    }
  }

  private func shared(_ constant: Constant, _ hint: String) throws -> ValueID {
    guard let key = constant.sharingKey else { return addConst(hint, constant) }
    for open in blocks {
      if let id = open.constants[key] { return id }
    }
    let id = addConst(hint, constant)
    blocks[blocks.count - 1].constants[key] = id
    return id
  }

  /// A literal as a constant of `dtype`, or of its natural type.
  func literalConstant(_ value: Value, dtype: DType?) throws -> Constant {
    switch value {
    case .constant(let constant): return constant
    case .int(let value):
      return Constant(try TensorData([Double(value)], as: dtype ?? .int32, shape: []))
    case .ints(let values):
      return .numbers(try TensorData(values.map(Double.init), as: dtype ?? .int32))
    case .float(let value):
      return Constant(try TensorData([value], as: dtype ?? .float32, shape: []))
    case .floats(let values): return .numbers(try TensorData(values, as: dtype ?? .float32))
    case .bool(let value): return Constant(bool: value)
    case .bools(let values): return Constant(TensorData(bool: values))
    case .string(let value): return Constant(string: value)
    default: throw internalFault("not a literal")
    }
  }
}

extension Constant {
  /// Numbers as Core ML stores them: ten elements or more in the weight file.
  package static func numbers(_ data: TensorData) -> Constant {
    data.count >= 10 ? Constant(MemorySource(data)) : Constant(data)
  }

  /// Equal for constants that may stand for each other; `nil` for what is not worth comparing.
  var sharingKey: SharingKey? {
    switch payload {
    case .tensor(let data) where data.count <= 64: .tensor(data.dtype, data.shape, data.bytes)
    case .strings(let values, let shape): .strings(values, shape)
    case .weights(let source): .weights(source.key)
    default: nil
    }
  }
}

/// What constants have in common that may stand for each other.
enum SharingKey: Hashable {
  case tensor(DType, [Int], [UInt8])
  case strings([String], [Int])
  case weights(String)
}
