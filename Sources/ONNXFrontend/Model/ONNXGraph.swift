// SPDX-License-Identifier: Apache-2.0
package import Diagnostics
package import Tensors

/// A graph of an ONNX model, typed: nodes over named values.
package struct ONNXGraph: Sendable {
  package var name = ""
  /// In an order in which every value is computed before it is used.
  package var nodes: [ONNXNode] = []
  package var inputs: [ONNXValueInfo] = []
  package var outputs: [ONNXValueInfo] = []
  package var initializers: [ONNXTensor] = []
}

/// One use of an operator. An empty name among inputs or outputs is one that is left out.
package struct ONNXNode: Sendable {
  package var name: String
  package var opType: String
  /// Empty for ONNX's own operators.
  package var domain: String
  package var overload: String
  package var inputs: [String]
  package var outputs: [String]
  package var attributes: [String: ONNXAttribute]
  package var location: Location
}

/// The value of an attribute.
package indirect enum ONNXAttribute: Sendable {
  case float(Float)
  case int(Int)
  case string(String)
  case tensor(ONNXTensor)
  case graph(ONNXGraph)
  case floats([Float])
  case ints([Int])
  case strings([String])
  case tensors([ONNXTensor])
  case graphs([ONNXGraph])
  case type(ONNXType)
  /// The attribute of the enclosing function that gives the value.
  case reference(String)
  /// A kind that nothing here reads: sparse tensors and lists of types.
  case other(kind: String)

  /// The kind as the format names it.
  package var kind: String {
    switch self {
    case .float: "FLOAT"
    case .int: "INT"
    case .string: "STRING"
    case .tensor: "TENSOR"
    case .graph: "GRAPH"
    case .floats: "FLOATS"
    case .ints: "INTS"
    case .strings: "STRINGS"
    case .tensors: "TENSORS"
    case .graphs: "GRAPHS"
    case .type: "TYPE_PROTO"
    case .reference: "reference"
    case .other(let kind): kind
    }
  }
}

/// A tensor that the model holds: an initializer or the value of an attribute.
package struct ONNXTensor: Sendable {
  package var name: String
  package var type: ONNXElementType
  package var shape: [Int]
  package var content: Content

  package enum Content: Sendable {
    /// The elements, of the dtype that the model stores.
    case numbers(any WeightSource)
    case strings([[UInt8]])
    /// Elements of a type that modelpack cannot compute with.
    case unreadable
  }
}

/// A name and what is known of its type.
package struct ONNXValueInfo: Sendable {
  package var name: String
  package var type: ONNXType
}

/// The type of a value.
package indirect enum ONNXType: Sendable {
  case tensor(ONNXElementType, shape: [ONNXDim]?)
  case sequence(ONNXType)
  case optional(ONNXType)
  /// Maps, sparse and opaque values.
  case other(String)
  case unknown
}

/// An extent as a model declares it.
package enum ONNXDim: Hashable, Sendable {
  case fixed(Int)
  case named(String)
  case unknown
}

/// A function of the model: a graph that nodes can use as an operator.
package struct ONNXFunction: Sendable {
  package var name: String
  package var domain: String
  package var overload: String
  package var inputs: [String]
  package var outputs: [String]
  /// Attributes that a node must give.
  package var attributes: [String]
  /// Attributes that a node may leave out.
  package var defaults: [String: ONNXAttribute]
  package var nodes: [ONNXNode]
  package var opsets: [String: Int]

  /// What a node that uses the function says.
  package var key: String { "\(domain):\(name):\(overload)" }
}
