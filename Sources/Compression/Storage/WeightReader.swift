// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL

/// Reads what a function stores its weights as: constants, and `constexpr_*` operations over them,
/// whether their operands stand in the operation (iOS 18) or in its attributes (iOS 16).
package struct WeightReader {
  private struct Result {
    let operation: WeightOperation
    let output: Int
  }

  private let function: Function
  private var results: [ValueID: Result] = [:]
  /// How many operations deep a result is.
  private var depths: [ValueID: Int] = [:]
  /// Why a result is none.
  private var problems: [ValueID: Diagnostic] = [:]

  /// Deeper chains are refused; those of Core ML have at most four operations.
  private static let limit = 32

  package init(_ function: Function) {
    self.function = function
    visit(function.body)
    for (_, block) in function.specializations.sorted(by: { $0.key < $1.key }) { visit(block) }
  }

  /// How `id` is stored; `nil` for a value that is neither a constant nor the result of a
  /// `constexpr_*` operation.
  ///
  /// Throws `.unsupportedOperation` where such an operation takes something else.
  package func expression(of id: ValueID) throws -> WeightExpression? {
    if let problem = problems[id] { throw problem }
    return known(id)
  }

  private func known(_ id: ValueID) -> WeightExpression? {
    if let result = results[id] { return .result(result.operation, output: result.output) }
    guard function.values.contains(id) else { return nil }
    return function.values[id].constant.map { .constant($0) }
  }

  private mutating func visit(_ block: Block) {
    for operation in block.operations {
      if operation.type.hasPrefix("constexpr_") { add(operation) }
      for nested in operation.blocks { visit(nested) }
    }
  }

  private mutating func add(_ operation: Operation) {
    do {
      var inputs: [(name: String, value: WeightExpression)] = []
      var depth = 1
      for input in operation.inputs {
        guard input.arguments.count == 1, let argument = input.arguments.first else {
          throw Diagnostic.operand(input.name, of: operation)
        }
        if let id = argument.value { depth = max(depth, (depths[id] ?? 0) + 1) }
        inputs.append((input.name, try value(argument, input.name, operation)))
      }
      for attribute in operation.attributes
      where attribute.name != "name" && operation.arguments(attribute.name).isEmpty {
        inputs.append((attribute.name, .constant(attribute.value)))
      }
      guard depth <= Self.limit else {
        throw Diagnostic.error(
          .unsupportedOperation, "'\(operation.name)' ends a chain of \(depth) constexpr operations"
        )
      }
      let types = operation.outputs.compactMap { function.values[$0].type.tensor }
      guard types.count == operation.outputs.count else {
        throw Diagnostic.error(.malformed, "'\(operation.name)' has a result that is no tensor")
      }
      let whole = WeightOperation(operation.type, inputs, types)
      for (output, id) in operation.outputs.enumerated() {
        results[id] = Result(operation: whole, output: output)
        depths[id] = depth
      }
    } catch let problem as Diagnostic {
      for id in operation.outputs { problems[id] = problem }
    } catch {
      for id in operation.outputs { problems[id] = .error(.internalError, "\(error)") }
    }
  }

  private func value(
    _ argument: Argument, _ name: String, _ operation: Operation
  ) throws -> WeightExpression {
    switch argument {
    case .literal(let constant): return .constant(constant)
    case .value(let id):
      if let problem = problems[id] { throw problem }
      guard let known = known(id) else { throw Diagnostic.operand(name, of: operation) }
      return known
    }
  }
}

extension WeightExpression {
  /// How the value `id` of `function` is stored; `nil` for one that is neither a constant nor the
  /// result of a `constexpr_*` operation. `WeightReader` does the same for many values.
  package init?(of id: ValueID, in function: Function) throws {
    guard let found = try WeightReader(function).expression(of: id) else { return nil }
    self = found
  }
}

extension Diagnostic {
  fileprivate static func operand(_ name: String, of operation: Operation) -> Diagnostic {
    .error(
      .unsupportedOperation,
      "the operand '\(name)' of \(operation.type) '\(operation.name)' is computed by an operation "
        + "that is no constexpr_*")
  }
}
