// SPDX-License-Identifier: Apache-2.0
package import Diagnostics
package import MIL
package import Tensors

/// A graph of `torch.export`, typed: nodes over named tensors and symbolic numbers.
///
/// Format: `torch/_export/serde/schema.py`, major version 8.
package struct TorchGraph: Sendable {
  package var inputs: [TorchArgument] = []
  package var outputs: [TorchArgument] = []
  package var nodes: [TorchNode] = []
  package var tensors: [String: TensorMeta] = [:]
  /// The expression of every symbolic integer, by the name nodes use for it.
  package var symInts: [String: Dim] = [:]
}

/// One call of an operator.
package struct TorchNode: Sendable {
  /// The operator, without the `torch.ops.` prefix: `aten.linear.default`.
  package var target: String
  package var name: String
  package var inputs: [(name: String, argument: TorchArgument)]
  package var outputs: [TorchArgument]
  package var location: Location
}

/// The dtype, shape and layout that tracing recorded for a tensor.
package struct TensorMeta: Hashable, Sendable {
  package var dtype: DType
  package var sizes: [Dim]
  package var strides: [Dim]
  package var offset: Dim
}

/// An argument or result of a node.
package indirect enum TorchArgument: Sendable {
  case none
  case tensor(String)
  case tensors([TorchArgument])
  case int(Int)
  case ints([Int])
  /// A symbolic integer, resolved to its expression.
  case symInt(Dim, name: String?)
  case symInts([Dim])
  case symBool(String)
  case symFloat(String)
  case float(Double)
  case floats([Double])
  case bool(Bool)
  case bools([Bool])
  case string(String)
  case strings([String])
  case dtype(DType)
  case graph(TorchGraph)
  /// Something that has no meaning here: a device, a layout, a memory format.
  case ignored(String)
  /// A kind that modelpack does not know.
  case unknown(String)
}

/// What an exported program is: its graph, what its inputs stand for, and where weights are.
package struct TorchProgram: Sendable {
  package var graph = TorchGraph()
  package var inputs: [InputSpec] = []
  package var outputs: [OutputSpec] = []
  package var symbols = SymbolTable()
  /// Parameters, buffers and constants by fully qualified name.
  package var weights: [String: any WeightSource] = [:]
  package var file: String = ""
  package var torchVersion: String = ""

  package enum InputSpec: Sendable {
    case parameter(argument: String, name: String)
    case buffer(argument: String, name: String)
    case constant(argument: String, name: String)
    case user(TorchArgument)
    /// A Python value that the export fixed.
    case fixed(argument: String, TorchArgument)
    case unsupported(kind: String)
  }

  package enum OutputSpec: Sendable {
    case user(TorchArgument)
    /// The new value of a buffer, in programs that were functionalized.
    case bufferMutation(value: String, buffer: String)
    case inputMutation(value: String, input: String)
    case unsupported(kind: String)
  }
}
