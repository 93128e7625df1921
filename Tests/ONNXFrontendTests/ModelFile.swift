// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL
import ONNXFrontend
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Messages of the ONNX format, written down briefly.
enum Onnx {
  static func attribute(_ name: String, int: Int) -> ProtoMessage {
    attribute(name, type: 2) { $0.set("i", int) }
  }

  static func attribute(_ name: String, ints: [Int]) -> ProtoMessage {
    attribute(name, type: 7) { $0.set("ints", ints) }
  }

  static func attribute(_ name: String, float: Float) -> ProtoMessage {
    attribute(name, type: 1) { $0.set("f", float) }
  }

  static func attribute(_ name: String, string: String) -> ProtoMessage {
    attribute(name, type: 3) { $0.set("s", Array(string.utf8)) }
  }

  static func attribute(_ name: String, tensor: ProtoMessage) -> ProtoMessage {
    attribute(name, type: 4) { $0.set("t", tensor) }
  }

  static func attribute(_ name: String, graph: ProtoMessage) -> ProtoMessage {
    attribute(name, type: 5) { $0.set("g", graph) }
  }

  static func attribute(
    _ name: String, type: Int, _ fill: (inout ProtoMessage) -> Void = { _ in }
  ) -> ProtoMessage {
    var message = ProtoMessage(.onnxAttribute)
    message.set("name", name)
    message.set("type", type)
    fill(&message)
    return message
  }

  static func node(
    _ op: String, _ inputs: [String], _ outputs: [String], name: String = "", domain: String = "",
    _ attributes: [ProtoMessage] = []
  ) -> ProtoMessage {
    var message = ProtoMessage(.onnxNode)
    message.set("op_type", op)
    message.set("name", name)
    message.set("domain", domain)
    message.set("input", inputs)
    message.set("output", outputs)
    message.set("attribute", attributes)
    return message
  }

  /// A tensor with raw data; `bytes` default to as many zeros as it takes.
  static func tensor(
    _ name: String, _ shape: [Int], type: Int = 1, bytes: [UInt8]? = nil
  ) -> ProtoMessage {
    var message = ProtoMessage(.onnxTensor)
    message.set("name", name)
    message.set("dims", shape)
    message.set("data_type", type)
    message.set("raw_data", bytes ?? Array(repeating: 0, count: shape.reduce(4, *)))
    return message
  }

  static func floats(_ name: String, _ shape: [Int], _ values: [Float]) -> ProtoMessage {
    tensor(name, shape, bytes: values.withUnsafeBytes { Array($0) })
  }

  static func longs(_ name: String, _ values: [Int], shape: [Int]? = nil) -> ProtoMessage {
    tensor(
      name, shape ?? [values.count], type: 7,
      bytes: values.map(Int64.init).withUnsafeBytes { Array($0) })
  }

  static func external(
    _ name: String, _ shape: [Int], _ entries: [(key: String, value: String)]
  ) -> ProtoMessage {
    var message = tensor(name, shape, bytes: [])
    message.set("data_location", 1)
    for (key, value) in entries {
      message.add("external_data") { entry in
        entry.set("key", key)
        entry.set("value", value)
      }
    }
    return message
  }

  /// Extents are numbers, or names of dynamic ones; `?` has neither.
  static func value(_ name: String, _ shape: [String]?, type: Int = 1) -> ProtoMessage {
    var message = ProtoMessage(.onnxValueInfo)
    message.set("name", name)
    var kind = ProtoMessage(.onnxType)
    var tensor = kind.empty("tensor_type")
    tensor.set("elem_type", type)
    if let shape {
      var extents = tensor.empty("shape")
      for extent in shape {
        extents.add("dim") { dim in
          if let number = Int(extent) {
            dim.set("dim_value", number)
          } else if extent != "?" {
            dim.set("dim_param", extent)
          }
        }
      }
      tensor.set("shape", extents)
    }
    kind.set("tensor_type", tensor)
    message.set("type", kind)
    return message
  }

  static func graph(
    _ nodes: [ProtoMessage], inputs: [ProtoMessage] = [], outputs: [ProtoMessage] = [],
    initializers: [ProtoMessage] = []
  ) -> ProtoMessage {
    var message = ProtoMessage(.onnxGraph)
    message.set("node", nodes)
    message.set("input", inputs)
    message.set("output", outputs)
    message.set("initializer", initializers)
    return message
  }

  static func model(
    _ graph: ProtoMessage?, opset: Int = 17, irVersion: Int = 8, domains: [(String, Int)] = []
  ) -> ProtoMessage {
    var message = ProtoMessage(.onnxModel)
    message.set("ir_version", irVersion)
    if let graph { message.set("graph", graph) }
    for (domain, version) in [("", opset)] + domains {
      message.add("opset_import") { entry in
        entry.set("domain", domain)
        entry.set("version", version)
      }
    }
    return message
  }

  /// A model of float `[2, 3]` inputs `x` and an output `y`.
  static func simple(
    _ nodes: [ProtoMessage], initializers: [ProtoMessage] = [], opset: Int = 17
  ) -> ProtoMessage {
    model(
      graph(
        nodes, inputs: [value("x", ["2", "3"])], outputs: [value("y", nil)],
        initializers: initializers), opset: opset)
  }
}

/// A folder that is removed with its content when the value goes away.
final class Scratch {
  let path: String

  init() {
    var template = Array("/tmp/modelpack-onnx-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
  }

  deinit {
    remove(path)
  }

  private func remove(_ path: String) {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { remove(path + "/" + name) }
      }
      closedir(folder)
    }
    Self.delete(path)
  }

  private static func delete(_ path: String) {
    #if canImport(Glibc)
      _ = Glibc.remove(path)
    #else
      _ = Darwin.remove(path)
    #endif
  }

  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path + "/" + name
    guard let stream = fopen(file, "wb") else {
      throw Diagnostic.error(.cannotWrite, "\(file)")
    }
    fwrite(bytes, 1, bytes.count, stream)
    fclose(stream)
    return file
  }

  func read(_ message: ProtoMessage) throws -> ONNXModel {
    try ONNXModel(path: write("model.onnx", message.encoded()))
  }
}

/// The messages of whatever `body` throws, without the files they name.
func messages(_ body: () throws -> Void) -> [String] {
  do {
    try body()
    return []
  } catch let diagnostic as Diagnostic {
    return [text(diagnostic)]
  } catch let list as DiagnosticList {
    return list.diagnostics.map(text)
  } catch {
    return ["\(error)"]
  }
}

private func text(_ diagnostic: Diagnostic) -> String {
  let node = diagnostic.location.flatMap { location in
    location.operation.map { "\($0) '\(location.node ?? "")': " }
  }
  return (node ?? "") + diagnostic.message
}
