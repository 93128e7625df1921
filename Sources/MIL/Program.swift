// SPDX-License-Identifier: Apache-2.0
package import Diagnostics

/// A MIL program: functions over SSA values, as Core ML's ML Program packages store it.
package struct Program: Sendable {
  package var functions: [Function] = []
  package var version: Int = 1
  package var docString: String = ""
  package var attributes: [Attribute] = []
  /// What a reader found and does not model, for the writer to put back.
  package var preserved = Preserved()

  package init(functions: [Function] = []) {
    self.functions = functions
  }

  package func function(_ name: String) -> Function? {
    functions.first { $0.name == name }
  }
}

/// A named constant attached to a program, function, block or operation.
package struct Attribute: Sendable {
  package var name: String
  package var value: Constant

  package init(_ name: String, _ value: Constant) {
    self.name = name
    self.value = value
  }
}

/// Encoded protobuf fields that modelpack has no name for; written back as they were read.
package struct Preserved: Hashable, Sendable {
  package var bytes: [UInt8] = []

  package init(_ bytes: [UInt8] = []) {
    self.bytes = bytes
  }
}

/// A function: typed inputs (tensors and states) and a body per opset.
package struct Function: Sendable {
  package var name: String
  package var opset: Opset
  package var inputs: [ValueID] = []
  /// The body used for `opset`.
  package var body = Block()
  /// Bodies for other opsets that a reader found.
  package var specializations: [String: Block] = [:]
  package var values = ValueTable()
  package var symbols = SymbolTable()
  package var attributes: [Attribute] = []
  package var preserved = Preserved()

  package init(name: String, opset: Opset) {
    self.name = name
    self.opset = opset
  }
}

/// A sequence of operations with its own arguments (a loop's variables) and results.
package struct Block: Sendable {
  package var inputs: [ValueID] = []
  package var outputs: [ValueID] = []
  package var operations: [Operation] = []
  package var attributes: [Attribute] = []
  package var preserved = Preserved()

  package init() {}
}

/// One operation: a type of the catalogue applied to named operands.
package struct Operation: Sendable {
  package var type: String
  /// Operands by name, each bound to one argument or, for variadic operands, several.
  package var inputs: [Input]
  package var outputs: [ValueID]
  package var blocks: [Block] = []
  /// Attributes other than `name` and, for `const`, `val`.
  package var attributes: [Attribute] = []
  package var name: String
  /// Where the operation comes from in the source; survives every pass.
  package var origin: Location?
  package var preserved = Preserved()

  package struct Input: Sendable {
    package var name: String
    package var arguments: [Argument]

    package init(_ name: String, _ arguments: [Argument]) {
      self.name = name
      self.arguments = arguments
    }
  }

  package init(
    _ type: String, name: String, inputs: [Input] = [], outputs: [ValueID] = [],
    origin: Location? = nil
  ) {
    self.type = type
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.origin = origin
  }

  package func arguments(_ name: String) -> [Argument] {
    inputs.first { $0.name == name }?.arguments ?? []
  }

  package func argument(_ name: String) -> Argument? { arguments(name).first }

  /// The SSA values that the operation itself reads (not those of its blocks).
  package var operands: [ValueID] { inputs.flatMap { $0.arguments.compactMap(\.value) } }
}

/// What an operand is bound to.
package enum Argument: Sendable {
  case value(ValueID)
  case literal(Constant)

  package var value: ValueID? {
    if case .value(let id) = self { id } else { nil }
  }
}
