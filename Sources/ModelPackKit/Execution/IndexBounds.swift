// SPDX-License-Identifier: Apache-2.0
import MIL

/// Finds the inputs of a function that are used as indices, and how many values each may have:
/// tokens of an embedding, positions of a table.
struct IndexBounds {
  /// The number of allowed values from 0 on, by input.
  private(set) var limits: [String: Int] = [:]
  private let function: Function
  /// Values that are an input plus a number, element by element.
  private var flows: [ValueID: (input: String, offset: Int)] = [:]

  init(_ function: Function) {
    self.function = function
    for id in function.inputs {
      let info = function.values[id]
      if info.type.tensor?.dtype.isInteger ?? false { flows[id] = (info.name, 0) }
    }
    visit(function.body)
  }

  private mutating func visit(_ block: Block) {
    for operation in block.operations {
      bound(operation)
      follow(operation)
      for nested in operation.blocks { visit(nested) }
    }
  }

  private mutating func bound(_ operation: Operation) {
    let table: String
    switch operation.type {
    case "gather", "gather_along_axis", "gather_nd": table = "x"
    case "scatter", "scatter_along_axis", "scatter_nd": table = "data"
    case "one_hot":
      if let flow = flow(operation, "indices"), let depth = int(operation, "one_hot_vector_size") {
        limit(flow, depth)
      }
      return
    default: return
    }
    guard let flow = flow(operation, "indices"), let shape = shape(operation, table) else { return }
    let fixed = shape.compactMap(\.fixed)
    if operation.type.hasSuffix("_nd") {
      if let least = fixed.min() { limit(flow, least) }
      return
    }
    let axis = int(operation, "axis") ?? 0
    let place = axis < 0 ? axis + shape.count : axis
    guard shape.indices.contains(place), let extent = shape[place].fixed else { return }
    limit(flow, extent)
  }

  private mutating func limit(_ flow: (input: String, offset: Int), _ extent: Int) {
    let (room, overflow) = extent.subtractingReportingOverflow(flow.offset)
    if overflow { return }
    limits[flow.input] = max(1, min(limits[flow.input] ?? .max, room))
  }

  private mutating func follow(_ operation: Operation) {
    guard let result = operation.outputs.first else { return }
    switch operation.type {
    case "cast", "identity", "reshape", "expand_dims", "squeeze", "transpose", "slice_by_index",
      "slice_by_size", "tile", "reverse":
      flows[result] = flow(operation, "x")
    case "add":
      if let flow = flow(operation, "x"), let number = int(operation, "y") {
        flows[result] = (flow.input, flow.offset &+ number)
      } else if let flow = flow(operation, "y"), let number = int(operation, "x") {
        flows[result] = (flow.input, flow.offset &+ number)
      }
    case "select":
      // Negative indices are wrapped by a choice of two; the plain one counts.
      let choices = ["a", "b"].compactMap { flow(operation, $0) }
      flows[result] = choices.min { abs($0.offset) < abs($1.offset) }
    case "split":
      for output in operation.outputs { flows[output] = flow(operation, "x") }
    default: break
    }
  }

  private func flow(_ operation: Operation, _ operand: String) -> (input: String, offset: Int)? {
    operation.argument(operand)?.value.flatMap { flows[$0] }
  }

  private func shape(_ operation: Operation, _ operand: String) -> [Dim]? {
    operation.argument(operand)?.value.flatMap { function.values[$0].type.tensor?.shape }
  }

  private func int(_ operation: Operation, _ operand: String) -> Int? {
    let constant: Constant?
    switch operation.argument(operand) {
    case .value(let id): constant = function.values[id].constant
    case .literal(let literal): constant = literal
    case nil: constant = nil
    }
    guard case .tensor(let data) = constant?.payload, data.count == 1 else { return nil }
    return data.ints.first
  }
}
