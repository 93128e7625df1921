// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import ONNXFrontend
import TorchFrontend

/// The graph of a source in float32, uncompressed: what a package is held against.
enum SourceGraph {
  /// Lowers the source at `path`. Of its mutated buffers those named are states.
  static func program(_ path: String, states: [String]) throws -> Program {
    switch try SourceKind(path) {
    case .torch:
      let program = try TorchProgram(path: path)
      var options = TorchOptions(opset: .iOS18)
      let known = program.mutatedBuffers
      let wanted = known.filter { states.contains(Identifier.sanitized($0)) || states.contains($0) }
      // A state that was renamed is not found by its name; where there are as many, it is all.
      options.states =
        states.isEmpty ? .none : known.count == states.count ? .all : .named(Set(wanted))
      return try program.lower(options)
    case .onnx:
      return try ONNXModel(path: path).lower(opset: .iOS18)
    }
  }
}

/// The formats that models are converted from.
package enum SourceKind: Sendable {
  case torch, onnx

  /// By the ending of the name. Throws `.usage` for any other.
  package init(_ path: String) throws {
    if path.hasSuffix(".pt2") {
      self = .torch
    } else if path.hasSuffix(".onnx") {
      self = .onnx
    } else {
      throw Diagnostic.error(
        .usage, at: Location(file: path), "is neither a .pt2 nor an .onnx file",
        fix: "export the model with torch.export.save(program, 'model.pt2'), or to ONNX")
    }
  }
}
