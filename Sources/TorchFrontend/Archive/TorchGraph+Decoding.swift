// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL
import Tensors

extension TorchGraph {
  init(_ node: JSONNode, file: String) throws {
    for (name, value) in try node.member("tensor_values").members() {
      tensors[name] = try TensorMeta(value)
    }
    for (name, value) in try node.optional("sym_int_values")?.members() ?? [] {
      // A size that cannot be expressed matters only where it is used.
      symInts[name] = try? Dim(symbolic: value)
    }
    inputs = try node.elements("inputs").map { try TorchArgument($0, symInts, file) }
    nodes = try node.elements("nodes").map { try TorchNode($0, symInts, file) }
    outputs = try node.elements("outputs").map { try TorchArgument($0, symInts, file) }
  }
}

extension TensorMeta {
  init(_ node: JSONNode) throws {
    dtype = try DType(torch: node.member("dtype"))
    sizes = try node.elements("sizes").map { try Dim(symbolic: $0) }
    let known = sizes.compactMap(\.fixed)
    guard known.allSatisfy({ $0 >= 0 }), elementCount(known.filter { $0 > 0 }) != nil else {
      throw node.fails("no tensor has the sizes \(sizes)")
    }
    strides = try node.elements("strides").map { (try? Dim(symbolic: $0)) ?? .fixed(0) }
    offset = try node.optional("storage_offset").map { try Dim(symbolic: $0) } ?? 0
  }
}

extension Dim {
  /// A size as PyTorch writes it: a number or an expression.
  init(symbolic node: JSONNode) throws {
    if let value = try node.optional("as_int") {
      self = .fixed(Int(try value.int()))
    } else if let expression = try node.optional("as_expr") {
      do {
        self = try SymbolicExpression.parse(expression.string("expr_str"))
      } catch let fault as Diagnostic where fault.location == nil {
        throw node.fails(fault.message, code: fault.code, fix: fault.remedy)
      }
    } else {
      throw node.fails("is not a size")
    }
  }
}

extension DType {
  /// PyTorch's numbers of scalar types.
  init(torch node: JSONNode) throws {
    let code = try node.int()
    let known: [Int64: DType] = [
      1: .uint8, 2: .int8, 3: .int16, 4: .int32, 5: .int64, 6: .float16, 7: .float32, 8: .float64,
      10: .complex64, 11: .complex128, 12: .bool, 13: .bfloat16, 28: .uint16, 29: .float8e4m3fn,
      30: .float8e5m2,
    ]
    guard let dtype = known[code] else {
      throw node.fails("scalar type \(code) is not supported", code: .unsupportedType)
    }
    self = dtype
  }
}

extension TorchNode {
  init(_ node: JSONNode, _ symInts: [String: Dim], _ file: String) throws {
    var target = try node.string("target")
    if target.hasPrefix("torch.ops.") { target.removeFirst("torch.ops.".count) }
    self.target = target
    outputs = try node.elements("outputs").map { try TorchArgument($0, symInts, file) }
    let firstOutput = outputs.first?.names.first
    name = try node.optional("name")?.string() ?? firstOutput ?? target
    let metadata = try node.optional("metadata")
    location = Location(
      file: file, operation: target, node: name,
      module: (try? metadata?.optional("nn_module_stack")?.string()).flatMap(Self.module),
      sourceLine: (try? metadata?.optional("stack_trace")?.string()).flatMap(Self.line))
    inputs = try node.elements("inputs").map { input in
      (try input.string("name"), try TorchArgument(input.member("arg"), symInts, file))
    }
  }

  /// The innermost module: the path in the last of the entries `key,path,type`.
  private static func module(_ stack: String) -> String? {
    let last = stack.split(separator: ";").last ?? ""
    let parts = last.split(separator: ",", omittingEmptySubsequences: false)
    return parts.count >= 2 ? String(parts[1]) : nil
  }

  /// `model.py:37` of the innermost frame of a Python stack trace.
  private static func line(_ trace: String) -> String? {
    // By bytes, from the end: every node has a trace, and traces are long.
    let (newline, quote, space) = (UInt8(ascii: "\n"), UInt8(ascii: "\""), UInt8(ascii: " "))
    let bytes = Array(trace.utf8)
    var rest = bytes[...]
    var frame = rest[..<0]
    while !frame.starts(with: fileMarker) {
      if rest.isEmpty { return nil }
      let start = rest.lastIndex(of: newline).map { $0 + 1 } ?? 0
      frame = rest[start...].drop { $0 == space }
      rest = rest[..<max(0, start - 1)]
    }
    let parts = frame.split(separator: quote)
    guard parts.count >= 3,
      let number = parts[2].split(separator: space).dropFirst(1).first(where: {
        $0.first.map(isDigit) ?? false
      })
    else { return nil }
    let name = parts[1].split(separator: UInt8(ascii: "/")).last ?? parts[1]
    return String(decoding: name, as: UTF8.self) + ":"
      + String(decoding: number.prefix(while: isDigit), as: UTF8.self)
  }

  private static let fileMarker = Array("File \"".utf8)

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}

extension TorchArgument {
  init(_ node: JSONNode, _ symInts: [String: Dim], _ file: String) throws {
    guard let (kind, value) = try node.members().first(where: { !$0.node.isNull }) else {
      self = .none
      return
    }
    switch kind {
    case "as_none": self = .none
    case "as_tensor": self = .tensor(try value.string("name"))
    case "as_tensors":
      self = .tensors(try value.elements().map { .tensor(try $0.string("name")) })
    case "as_optional_tensor": self = try TorchArgument(value, symInts, file)
    case "as_optional_tensors":
      self = .tensors(try value.elements().map { try TorchArgument($0, symInts, file) })
    case "as_int": self = .int(Int(try value.int()))
    case "as_ints": self = .ints(try value.elements().map { Int(try $0.int()) })
    case "as_sym_int": self = try Self.symInt(value, symInts)
    case "as_sym_ints": self = .symInts(try value.elements().map { try Self.dim($0, symInts) })
    case "as_float": self = .float(try Self.double(value))
    case "as_floats": self = .floats(try value.elements().map(Self.double))
    case "as_bool": self = .bool(try value.bool())
    case "as_bools": self = .bools(try value.elements().map { try $0.bool() })
    case "as_string": self = .string(try value.string())
    case "as_strings": self = .strings(try value.elements().map { try $0.string() })
    case "as_scalar_type": self = .dtype(try DType(torch: value))
    case "as_sym_bool":
      self =
        try value.optional("as_bool").map { .bool(try $0.bool()) }
        ?? .symBool(value.string("as_name"))
    case "as_sym_float":
      self =
        try value.optional("as_float").map { .float(try Self.double($0)) }
        ?? .symFloat(value.string("as_name"))
    case "as_graph": self = .graph(try TorchGraph(value.member("graph"), file: file))
    case "as_device", "as_layout", "as_memory_format": self = .ignored(kind)
    default: self = .unknown(kind)
    }
  }

  /// A float; those that JSON has no number for are strings.
  private static func double(_ node: JSONNode) throws -> Double {
    switch node.value {
    case .string("Infinity"): .infinity
    case .string("-Infinity"): -.infinity
    case .string("NaN"): .nan
    default: try node.double()
    }
  }

  private static func symInt(_ node: JSONNode, _ symInts: [String: Dim]) throws -> TorchArgument {
    if let value = try node.optional("as_int") { return .int(Int(try value.int())) }
    let name = try node.string("as_name")
    return .symInt(try dim(node, symInts), name: name)
  }

  private static func dim(_ node: JSONNode, _ symInts: [String: Dim]) throws -> Dim {
    if let value = try node.optional("as_int") { return .fixed(Int(try value.int())) }
    let name = try node.string("as_name")
    guard let dim = symInts[name] else {
      throw node.fails(
        "the size '\(name)' has no expression that can be said in a Core ML model",
        code: .unsupportedArgument, fix: "export with a fixed size for the dimensions involved")
    }
    return dim
  }
}

extension TorchProgram.InputSpec {
  init(_ node: JSONNode) throws {
    guard let (kind, value) = try node.members().first(where: { !$0.node.isNull }) else {
      throw node.fails("an input of no kind")
    }
    switch kind {
    case "parameter":
      self = .parameter(
        argument: try value.member("arg").string("name"), name: try value.string("parameter_name"))
    case "buffer":
      self = .buffer(
        argument: try value.member("arg").string("name"), name: try value.string("buffer_name"))
    case "tensor_constant":
      self = .constant(
        argument: try value.member("arg").string("name"),
        name: try value.string("tensor_constant_name"))
    case "user_input": self = .user(try TorchArgument(value.member("arg"), [:], ""))
    case "constant_input":
      self = .fixed(
        argument: try value.string("name"), try TorchArgument(value.member("value"), [:], ""))
    default: self = .unsupported(kind: kind)
    }
  }
}

extension TorchProgram.OutputSpec {
  init(_ node: JSONNode) throws {
    guard let (kind, value) = try node.members().first(where: { !$0.node.isNull }) else {
      throw node.fails("an output of no kind")
    }
    switch kind {
    case "user_output": self = .user(try TorchArgument(value.member("arg"), [:], ""))
    case "buffer_mutation":
      self = .bufferMutation(
        value: try value.member("arg").string("name"), buffer: try value.string("buffer_name"))
    case "user_input_mutation":
      self = .inputMutation(
        value: try value.member("arg").string("name"), input: try value.string("user_input_name"))
    default: self = .unsupported(kind: kind)
    }
  }
}
