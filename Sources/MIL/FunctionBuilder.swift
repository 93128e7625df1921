// SPDX-License-Identifier: Apache-2.0
package import Diagnostics
package import Tensors

/// Builds a function operation by operation, inferring and checking types as it goes.
///
///     let y = try build.mil.softmax(x: x, axis: -1)
///     let parts = try build.emit("split", ["x": x, "num_splits": 2, "axis": 1])
///
/// Literals become `const` operations of the dtype that the signature asks for, shared within the
/// block that they are first used in.
package final class FunctionBuilder {
  package let catalogue: Catalogue
  package let opset: Opset
  /// Where the operations emitted next come from.
  package var origin: Location?
  /// The base of the names of the operations emitted next; their type when `nil`.
  package var nameHint: String?

  var function: Function
  let scope = SymbolScope()
  /// Open blocks, the innermost last, with the constants each one can share.
  var blocks: [OpenBlock] = [OpenBlock()]
  /// Where the value of a symbol is found when the program runs.
  var symbolSources: [String: SymbolSource] = [:]

  package init(name: String = "main", opset: Opset, catalogue: Catalogue = .standard) {
    self.opset = opset
    self.catalogue = catalogue
    function = Function(name: name, opset: opset)
  }

  /// Emits operations by their MIL name: `build.mil.add(x: a, y: b)`.
  package var mil: Emitters { Emitters(builder: self) }

  package var symbols: SymbolTable {
    get { scope.symbols }
    set { scope.symbols = newValue }
  }

  /// Adds an input; every bare symbol of its shape is from now on computed from it.
  package func input(_ name: String, _ type: ValueType) -> Value {
    let id = function.values.add(ValueInfo(name: name, type: type))
    function.inputs.append(id)
    for (axis, dim) in (type.tensor?.shape ?? []).enumerated() {
      if let symbol = dim.symbol, symbolSources[symbol] == nil {
        symbolSources[symbol] = .extent(of: id, axis: axis)
      }
    }
    return .ssa(id)
  }

  /// The function, complete, with `outputs` as its results under their names.
  package func finish(outputs: [(name: String, value: Value)]) throws -> Function {
    var results: [ValueID] = []
    for (name, value) in outputs {
      // A result is a value of its own: neither an input, nor a constant, nor another result.
      let id = try materialize(value, for: nil)
      let copy = try emit("identity", name: name, ["x": .ssa(id)])[0]
      guard let copied = copy.id else { throw internalFault("identity gave no value") }
      // A caller's name goes to the result, unless an input or an earlier result has it.
      let isKept = (function.inputs + results).contains { function.values[$0].name == name }
      if !isKept { function.values.rename(copied, to: name) }
      results.append(copied)
    }
    var body = blocks[0].block
    body.outputs = results
    function.body = body
    function.symbols = scope.symbols
    return function
  }

  // MARK: Types

  package func type(of value: Value) throws -> TensorType {
    guard let type = valueType(of: value).tensor else {
      throw internalFault("a \(valueType(of: value)) where a tensor is needed")
    }
    return type
  }

  package func valueType(of value: Value) -> ValueType {
    switch value {
    case .ssa(let id): function.values[id].type
    case .constant(let constant): constant.type
    case .int, .dim: .scalar(.int32)
    case .ints(let values): .tensor(.int32, fixed: [values.count])
    case .float: .scalar(.float32)
    case .floats(let values): .tensor(.float32, fixed: [values.count])
    case .bool: .scalar(.bool)
    case .bools(let values): .tensor(.bool, fixed: [values.count])
    case .string: .scalar(.string)
    case .dims(let dims): .tensor(.int32, fixed: [dims.count])
    case .many(let values): .tuple(values.map(valueType))
    }
  }

  package func shape(of value: Value) throws -> [Dim] { try type(of: value).shape }
  package func rank(of value: Value) throws -> Int { try type(of: value).rank }
  package func dtype(of value: Value) throws -> DType { try type(of: value).dtype }

  /// The constant behind a value, if it is one.
  package func constant(of value: Value) -> Constant? {
    switch value {
    case .ssa(let id): function.values[id].constant
    case .constant(let constant): constant
    default: try? literalConstant(value, dtype: nil)
    }
  }

  /// The elements of a small integer value as expressions, where they are known.
  package func dims(of value: Value) throws -> [Dim]? {
    switch value {
    case .ssa(let id):
      if let dims = function.values[id].dims { return dims }
      guard let constant = function.values[id].constant, let data = try constant.smallTensor(),
        data.dtype.isInteger || data.dtype == .bool
      else { return nil }
      return data.ints.map { .fixed($0) }
    case .dim(let dim): return [dim]
    case .dims(let dims): return dims
    case .int(let value): return [.fixed(value)]
    case .ints(let values): return values.map { .fixed($0) }
    case .constant(let constant):
      guard let data = try constant.smallTensor(), data.dtype.isInteger else { return nil }
      return data.ints.map { .fixed($0) }
    default: return nil
    }
  }

  func internalFault(_ message: String) -> Diagnostic {
    .error(.internalError, at: origin, message)
  }
}

/// A block being filled, with what was made in it that may be used again.
struct OpenBlock {
  var block = Block()
  var constants: [SharingKey: ValueID] = [:]
  var dims: [Dim: ValueID] = [:]
  var memo: [String: Value] = [:]
}

extension FunctionBuilder {
  /// What `make` gave for `key` earlier in this block or around it, else what it gives now.
  package func memoized(_ key: String, _ make: () throws -> Value) rethrows -> Value {
    for open in blocks {
      if let value = open.memo[key] { return value }
    }
    let value = try make()
    blocks[blocks.count - 1].memo[key] = value
    return value
  }
}

/// Where a symbol's value comes from at run time.
enum SymbolSource {
  case extent(of: ValueID, axis: Int)
  /// An int32 scalar.
  case value(ValueID)
}
