// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL
import Tensors

extension TorchProgram {
  /// Reads an archive of `torch.export.save` (`.pt2`): the graph whole, the weights as ranges of
  /// the file.
  ///
  /// Throws `.malformed` for an archive that contradicts itself, `.unsupportedArgument` for one
  /// that needs another version of modelpack. Nothing in the archive is executed: sample inputs
  /// and pickled weights are not read.
  package init(path: String) throws {
    self.init()
    file = path
    let reader = try ArchiveReader(path: path)
    let model = try reader.model()
    try checkVersion(model)
    torchVersion = (try? model.optional("torch_version")?.string()) ?? ""
    let module = try model.member("graph_module")
    let graphNode = try module.member("graph")
    symbols = try SymbolReader.symbols(model, graph: graphNode)
    graph = try TorchGraph(graphNode, file: path)
    let signature = try module.member("signature")
    inputs = try signature.elements("input_specs").map(InputSpec.init)
    outputs = try signature.elements("output_specs").map(OutputSpec.init)
    weights = try reader.weights()
  }

  private func checkVersion(_ model: JSONNode) throws {
    let version = try model.member("schema_version")
    let major = try version.int("major")
    guard (5...8).contains(major) else {
      throw version.fails(
        "schema version \(major) is not supported (5 to 8 are)", code: .unsupportedArgument,
        fix: "export with a torch release from 2.5 to 2.13")
    }
  }
}

/// The parts of the archive: `NAME/models/MODEL.json` and the weights and constants beside it.
private struct ArchiveReader {
  let archive: ZipArchive
  let file: SourceFile
  let root: String

  init(path: String) throws {
    file = try SourceFile(path: path)
    archive = try ZipArchive(path: path)
    let models = archive.entries.map(\.name).filter { $0.hasSuffix(".json") }
      .filter { name in
        let parts = name.split(separator: "/")
        return parts.count >= 2 && parts[parts.count - 2] == "models"
      }
    guard let first = models.first else {
      throw Self.notAnExport(path, archive)
    }
    guard models.count == 1 else {
      throw Diagnostic.error(
        .unsupportedArgument, at: Location(file: path),
        "holds \(models.count) exported programs (\(models.joined(separator: ", ")))",
        fix: "save one program per archive")
    }
    root = first.split(separator: "/").dropLast(2).joined(separator: "/")
    modelEntry = first
    try checkByteOrder()
  }

  private let modelEntry: String

  private static func notAnExport(_ path: String, _ archive: ZipArchive) -> Diagnostic {
    let names = archive.entries.map(\.name)
    if names.contains(where: { $0.hasSuffix("data.pkl") }) {
      return .error(
        .unsupportedArgument, at: Location(file: path),
        "is a TorchScript or pickled model, not an exported program",
        fix: "save it with torch.export.save(torch.export.export(model, inputs), 'model.pt2')")
    }
    if names.contains("serialized_exported_program.json") {
      return .error(
        .unsupportedArgument, at: Location(file: path),
        "is an exported program of torch 2.6 or older, whose weights are pickled",
        fix: "save it again with torch 2.7 or later")
    }
    return .error(
      .malformed, at: Location(file: path), "has no 'models/*.json': not an exported program")
  }

  private func path(_ name: String) -> String { root.isEmpty ? name : root + "/" + name }

  private func checkByteOrder() throws {
    guard archive[path("byteorder")] != nil else { return }
    let order = String(decoding: try archive.read(path("byteorder"), limit: 64), as: UTF8.self)
    guard order == "little" else {
      throw Diagnostic.error(
        .unsupportedArgument, at: Location(file: archive.path, entry: path("byteorder")),
        "is '\(order)', only little-endian archives are supported")
    }
  }

  func model() throws -> JSONNode {
    let text = try archive.read(modelEntry, limit: 1 << 30)
    return JSONNode(
      try JSON(parsing: text, file: archive.path, entry: modelEntry), file: archive.path,
      entry: modelEntry)
  }

  /// Everything stored, by fully qualified name.
  func weights() throws -> [String: any WeightSource] {
    var weights: [String: any WeightSource] = [:]
    for (folder, suffix) in [
      ("weights", "_weights_config.json"), ("constants", "_constants_config.json"),
    ] {
      let prefix = path("data/\(folder)/")
      for entry in archive.entries
      where entry.name.hasPrefix(prefix) && entry.name.hasSuffix(suffix) {
        let text = try archive.read(entry.name, limit: 1 << 30)
        let config = JSONNode(
          try JSON(parsing: text, file: archive.path, entry: entry.name), file: archive.path,
          entry: entry.name)
        for (name, node) in try config.member("config").members() {
          weights[name] = try weight(name, node, folder: prefix)
        }
      }
    }
    return weights
  }

  private func weight(_ name: String, _ node: JSONNode, folder: String) throws -> any WeightSource {
    if try node.optional("use_pickle")?.bool() == true {
      return UnreadableWeight(
        name: name,
        reason: "is pickled, and modelpack executes nothing that it finds in a file")
    }
    let entryName = folder + (try node.string("path_name"))
    guard let entry = archive[entryName] else {
      throw node.fails("the entry '\(entryName)' of '\(name)' is missing")
    }
    guard let meta = try node.optional("tensor_meta") else {
      return UnreadableWeight(name: name, reason: "is not a tensor")
    }
    let tensor = try TensorMeta(meta)
    let sizes = try tensor.sizes.map { try Self.fixed($0, meta) }
    let strides = try tensor.strides.map { try Self.fixed($0, meta) }
    guard strides.count == sizes.count, sizes.allSatisfy({ $0 >= 0 }) else {
      throw meta.fails("sizes \(sizes) and strides \(strides) do not belong together")
    }
    let layout = StridedLayout(
      offset: try Self.fixed(tensor.offset, meta), shape: sizes, strides: strides)
    guard let range = entry.storedRange else {
      let bytes = try archive.read(entryName, limit: 1 << 32)
      return try StoredBytes.source(bytes, tensor.dtype, layout, at: meta)
    }
    do {
      return try FileSource(
        file: file, base: range.lowerBound, byteCount: range.count, dtype: tensor.dtype,
        layout: layout)
    } catch let fault as Diagnostic {
      throw meta.fails("'\(name)': \(fault.message)")
    }
  }

  private static func fixed(_ dim: Dim, _ node: JSONNode) throws -> Int {
    guard let value = dim.fixed else { throw node.fails("a stored tensor has a symbolic size") }
    return value
  }
}

/// A compressed entry, inflated: its storage seen through a layout.
private enum StoredBytes {
  static func source(
    _ bytes: [UInt8], _ dtype: DType, _ layout: StridedLayout, at node: JSONNode
  ) throws -> any WeightSource {
    let size = dtype.bitWidth / 8
    guard size > 0, let span = layout.span, layout.offset == 0, layout.isContiguous,
      span.upperBound * size <= bytes.count
    else { throw node.fails("a compressed entry holds fewer bytes than its tensor") }
    let data = try TensorData(
      dtype: dtype, shape: layout.shape, bytes: Array(bytes[..<(span.count * size)]))
    return MemorySource(data)
  }
}

/// A weight that may be listed as long as nothing uses it.
final class UnreadableWeight: WeightSource {
  let name: String
  let reason: String
  var dtype: DType { .uint8 }
  var shape: [Int] { [0] }
  var key: String { "unreadable(\(name))" }

  init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    throw Diagnostic.error(.unsupportedArgument, "the weight '\(name)' \(reason)")
  }
}
