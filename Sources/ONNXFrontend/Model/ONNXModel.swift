// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Tensors

/// An ONNX model as its file has it: a graph, its functions, and the operator sets it uses.
package struct ONNXModel: Sendable {
  /// The path as it was given.
  package let path: String
  package var graph: ONNXGraph
  package var functions: [String: ONNXFunction] = [:]
  /// Versions of operator sets by domain; ONNX's own has the empty name.
  package var opsets: [String: Int]
  package var irVersion: Int
  package var producer: String
  package var metadata: [(key: String, value: String)]

  /// The operator sets of ONNX that modelpack knows.
  package static let knownOpsets = 7...28
  /// The versions of the file format that modelpack knows.
  package static let knownIRVersions = 3...14

  /// Reads the model at `path`. Weights stay in the file, or in those beside it.
  ///
  /// Throws `.notFound` when it cannot be opened, `.malformed` for what is not a sound ONNX model,
  /// `.unsupportedArgument` for versions past those known.
  package init(path: String) throws {
    self.path = path
    do {
      let file = try SourceFile(path: path)
      let message = try MappedFile.read(path) { bytes in
        try ProtoMessage(
          decoding: bytes, as: .onnxModel, file: path, largeFieldThreshold: Self.inlineLimit)
      }
      try Self.checkHeader(message)
      irVersion = Int(message.int("ir_version"))
      producer = [message.string("producer_name"), message.string("producer_version")]
        .filter { !$0.isEmpty }.joined(separator: " ")
      metadata = message.stringEntries("metadata_props")
      let reader = GraphReader(
        tensors: TensorReader(file: file, external: ExternalData(model: path)))
      opsets = try reader.opsets(message)
      graph = try reader.graph(message.message("graph") ?? message.empty("graph"))
      for function in try message.messages("functions").map(reader.function) {
        guard functions.updateValue(function, forKey: function.key) == nil else {
          throw Diagnostic.error(.malformed, "the model has two functions '\(function.name)'")
        }
      }
      try checkOpsets()
    } catch let diagnostic as Diagnostic {
      throw diagnostic.inFile(path)
    }
  }

  /// Tensors of more bytes stay in the file.
  private static let inlineLimit = 4096

  private static func checkHeader(_ message: ProtoMessage) throws {
    let version = Int(message.int("ir_version"))
    guard version > 0, message.has("graph") else {
      throw Diagnostic.error(
        .malformed, version > 0 ? "has no graph" : "is not an ONNX model: it has no 'ir_version'")
    }
    guard version <= knownIRVersions.upperBound else {
      throw Diagnostic.error(
        .unsupportedArgument,
        "has IR version \(version), newer than \(knownIRVersions.upperBound)",
        fix: "save it with IR version \(knownIRVersions.upperBound) or older")
    }
    guard version >= knownIRVersions.lowerBound else {
      throw Diagnostic.error(
        .unsupportedArgument,
        "has IR version \(version), older than \(knownIRVersions.lowerBound)",
        fix: "convert it with onnx.version_converter")
    }
    guard message.count("opset_import") > 0 else {
      throw Diagnostic.error(.malformed, "imports no operator set")
    }
  }

  private func checkOpsets() throws {
    guard let version = opsets[""] else { return }
    guard Self.knownOpsets.contains(version) else {
      let newer = version > Self.knownOpsets.upperBound
      throw Diagnostic.error(
        version < 1 ? .malformed : .unsupportedArgument,
        "uses opset \(version), not one of \(Self.knownOpsets)",
        fix: newer
          ? "export with opset \(Self.knownOpsets.upperBound) or older"
          : "convert it to opset 13 or newer with onnx.version_converter")
    }
  }
}

extension ONNXModel {
  /// The inputs that a caller must give: those of the graph that no initializer provides.
  package var inputs: [ONNXValueInfo] {
    let given = Set(graph.initializers.map(\.name))
    return graph.inputs.filter { !given.contains($0.name) }
  }

  package var outputs: [ONNXValueInfo] { graph.outputs }
}
