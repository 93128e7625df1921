// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// A constant that operations of a function use as a weight.
struct Weight: Sendable {
  let id: ValueID
  let name: String
  /// The elements, in the shape of the weight.
  var source: any WeightSource
  /// Which elements are kept, if the weight is stored sparse; the others are zeros.
  var mask: (any SparseMask)?
  /// Whether zeros are not stored, so that a palette needs none.
  var ignoresZeros = false
  /// Bytes that it takes in the package.
  var storedBytes: Int
  var uses: [WeightUse] = []

  /// The channel axes, if all uses agree on them.
  var axes: ChannelAxes? {
    let all = Set(uses.map(\.axes))
    return all.count == 1 ? all.first : nil
  }

  /// Everything that a pattern may call it by.
  var names: [String] {
    var names = [name]
    for use in uses {
      names.append(use.operation)
      if let module = use.module { names.append(module) }
    }
    return names
  }

  var operations: [String] { Set(uses.map(\.type)).sorted() }
}

/// One use of a weight.
struct WeightUse: Sendable {
  let type: String
  let operation: String
  let module: String?
  let axes: ChannelAxes
}

/// Finds the weights of a function: constants that `linear`, `matmul`, `conv`, `conv_transpose`
/// and `gather` take where a network has its weights.
struct WeightSearch {
  /// A constant that is no weight, with the kinds of operations that take it.
  typealias Other = (id: ValueID, source: any WeightSource, operations: [String])

  private let function: Function
  private(set) var weights: [ValueID: Weight] = [:]
  /// In order of first use.
  private(set) var order: [ValueID] = []
  /// Weights that `constexpr_*` operations compute already, but for sparse ones.
  private(set) var compressed: [ValueID] = []
  /// Constants of two axes or more that are no weights.
  private(set) var others: [Other] = []
  private var places: [ValueID: Int] = [:]
  private let reader: WeightReader

  init(_ function: Function) {
    self.function = function
    reader = WeightReader(function)
    visit(function.body)
    others.removeAll { weights[$0.id] != nil }
  }

  private mutating func visit(_ block: Block) {
    for operation in block.operations {
      for name in Self.operands[operation.type] ?? [] { look(at: name, of: operation) }
      note(operation)
      for nested in operation.blocks { visit(nested) }
    }
  }

  private mutating func note(_ operation: Operation) {
    for id in operation.operands {
      guard let source = function.values[id].constant?.source, source.rank >= 2,
        source.dtype == .float16 || source.dtype == .float32
      else { continue }
      if let place = places[id] {
        if !others[place].operations.contains(operation.type) {
          others[place].operations.append(operation.type)
        }
      } else {
        places[id] = others.count
        others.append((id, source, [operation.type]))
      }
    }
  }

  static let operands: [String: [String]] = [
    "linear": ["weight"], "conv": ["weight"], "conv_transpose": ["weight"], "gather": ["x"],
    "matmul": ["x", "y"],
  ]

  private mutating func look(at operand: String, of operation: Operation) {
    guard let id = operation.argument(operand)?.value else { return }
    let info = function.values[id]
    let sparse = info.isConstantExpression ? sparseWeight(id) : nil
    if info.isConstantExpression && sparse == nil {
      if !compressed.contains(id) { compressed.append(id) }
      return
    }
    guard let source = sparse?.source ?? info.constant?.source, source.rank >= 2,
      source.dtype == .float16 || source.dtype == .float32
    else { return }
    let use = WeightUse(
      type: operation.type, operation: operation.name, module: operation.origin?.module,
      axes: axes(of: operand, operation, rank: source.rank))
    if weights[id] == nil {
      weights[id] = Weight(
        id: id, name: info.name, source: source, mask: sparse?.mask,
        storedBytes: sparse?.byteCount ?? source.byteCount)
      order.append(id)
    }
    weights[id]?.uses.append(use)
  }

  /// The weight if it is stored sparse and no further. What cannot be read is treated as any other
  /// compressed weight, which stays as it is.
  private func sparseWeight(_ id: ValueID) -> StoredSparseWeight? {
    guard let expression = try? reader.expression(of: id) else { return nil }
    return try? StoredSparseWeight(expression)
  }

  private func axes(of operand: String, _ operation: Operation, rank: Int) -> ChannelAxes {
    let (last, before) = (rank - 1, rank - 2)
    switch (operation.type, operand) {
    case ("conv_transpose", _): return ChannelAxes(output: 1, input: 0)
    case ("matmul", "y"):
      return flag("transpose_y", operation)
        ? ChannelAxes(output: before, input: last) : ChannelAxes(output: last, input: before)
    case ("matmul", _):
      return flag("transpose_x", operation)
        ? ChannelAxes(output: last, input: before) : ChannelAxes(output: before, input: last)
    default: return ChannelAxes(output: 0, input: 1)
    }
  }

  private func flag(_ name: String, _ operation: Operation) -> Bool {
    let constant: Constant?
    switch operation.argument(name) {
    case .value(let id): constant = function.values[id].constant
    case .literal(let literal): constant = literal
    case nil: constant = nil
    }
    guard case .tensor(let data) = constant?.payload else { return false }
    return data.bools.first ?? false
  }
}
