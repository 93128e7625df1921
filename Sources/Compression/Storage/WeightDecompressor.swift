// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL
import Tensors

/// Replaces compressed weights by the dense values that they stand for:
///
///     %w = constexpr_blockwise_shift_scale(data: int4[768, 768], scale: float16[768, 24])
///
/// becomes
///
///     %w = const(val: float16[768, 768])
///
/// Nothing is computed here: the values are recipes over what the package stores. Everything else
/// of a program stays as it is.
package enum WeightDecompressor {
  /// Throws `.malformed` or `.unsupportedOperation` for weights that cannot be decoded, all of them
  /// together.
  package static func run(_ program: inout Program) throws -> CompressionReport {
    var report = CompressionReport()
    var problems = DiagnosticCollector()
    for index in program.functions.indices {
      var rewriting = FunctionDecompressor(program.functions[index])
      rewriting.run(&problems)
      program.functions[index] = rewriting.function
      report.entries += rewriting.entries
    }
    try problems.throwIfErrors()
    return report
  }
}

/// Decompresses the weights of one function, in the bodies for every opset.
private struct FunctionDecompressor {
  private(set) var function: Function
  private(set) var entries: [CompressionReport.Entry] = []
  private let reader: WeightReader
  /// Values that something other than a `constexpr_*` operation uses, and those that one does.
  private var used: Set<ValueID> = []
  private var parts: Set<ValueID> = []
  private var operations: [ValueID: Set<String>] = [:]

  init(_ function: Function) {
    self.function = function
    reader = WeightReader(function)
  }

  mutating func run(_ problems: inout DiagnosticCollector) {
    var bodies = function.specializations
    collectUses(function.body)
    for body in bodies.values { collectUses(body) }
    function.body = rewritten(function.body, &problems)
    for key in bodies.keys.sorted() {
      bodies[key] = bodies[key].map { rewritten($0, &problems) }
    }
    function.specializations = bodies
  }

  private mutating func collectUses(_ block: Block) {
    for operation in block.operations {
      let isExpression = operation.type.hasPrefix("constexpr_")
      for id in operation.operands {
        if isExpression {
          parts.insert(id)
        } else {
          used.insert(id)
          operations[id, default: []].insert(operation.type)
        }
      }
      for nested in operation.blocks { collectUses(nested) }
    }
    used.formUnion(block.outputs)
  }

  private mutating func rewritten(_ block: Block, _ problems: inout DiagnosticCollector) -> Block {
    var block = block
    var kept: [Operation] = []
    kept.reserveCapacity(block.operations.count)
    for var operation in block.operations {
      for nested in operation.blocks.indices {
        operation.blocks[nested] = rewritten(operation.blocks[nested], &problems)
      }
      if operation.type.hasPrefix("constexpr_") {
        problems.catching(at: operation.origin) { kept += try constants(of: operation) }
      } else if operation.type == "const", let id = operation.outputs.first, parts.contains(id),
        !used.contains(id)
      {
        // Only compressed weights were made from it.
        continue
      } else {
        kept.append(operation)
      }
    }
    block.operations = kept
    return block
  }

  /// A constant for each result that is used as a weight.
  private mutating func constants(of operation: Operation) throws -> [Operation] {
    var constants: [Operation] = []
    for id in operation.outputs where used.contains(id) {
      guard let expression = try reader.expression(of: id) else { continue }
      let constant = try dense(expression, id)
      var new = Operation("const", name: operation.name, outputs: [id], origin: operation.origin)
      if !constants.isEmpty { new.name += "_\(constants.count)" }
      let operands = Set(expression.operations.last?.inputs.map(\.name) ?? [])
      new.attributes = operation.attributes.filter { !operands.contains($0.name) }
      new.preserved = operation.preserved
      function.values[id].constant = constant
      function.values[id].isConstantExpression = false
      constants.append(new)
    }
    return constants
  }

  private mutating func dense(_ expression: WeightExpression, _ id: ValueID) throws -> Constant {
    let info = function.values[id]
    let source: any WeightSource
    do {
      source = try expression.decoded()
    } catch let problem as Diagnostic {
      throw problem.about("weight '\(info.name)'")
    }
    guard let type = info.type.tensor, type.dtype == source.dtype, type.fixedShape == source.shape
    else {
      throw Diagnostic.error(
        .malformed,
        "weight '\(info.name)' is declared \(info.type) but decodes to "
          + "\(TensorType(source.dtype, fixed: source.shape))")
    }
    entries.append(
      CompressionReport.Entry(
        function: function.name, name: info.name, operations: operations[id]?.sorted() ?? [],
        shape: source.shape, dtype: source.dtype, scheme: nil, bytesBefore: expression.byteCount,
        bytesAfter: source.byteCount, note: expression.words))
    guard case .constant(let constant) = try WeightExpression.source(source) else {
      throw Diagnostic.error(.internalError, "weight '\(info.name)' is no constant")
    }
    return constant
  }
}

extension Diagnostic {
  fileprivate func about(_ what: String) -> Diagnostic {
    Diagnostic.error(code, at: location, "\(what): \(message)", notes: notes, fix: remedy)
  }
}
