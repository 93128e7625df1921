// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL

extension ModelPackage {
  /// Reads the package at `path`. Weights stay in its files.
  ///
  /// Throws `.notFound`, `.malformed` with the entry and the operation that is wrong, and
  /// `.unsupportedModel` for models that are no ML Programs.
  package init(contentsOf path: String) throws {
    let folder = try PackageFolder(path)
    let manifest = try folder.placing(PackageFolder.manifest) { try Manifest(of: folder) }
    let entry = Manifest.dataDirectory + "/" + (manifest.root?.path ?? "")
    let paths = try folder.placing(PackageFolder.manifest) {
      try manifest.items.map { item in
        let path = Manifest.dataDirectory + "/" + item.path
        // An empty folder of weights gets lost in archives and version control.
        return try item.isWeights && FileKind(folder.path + "/" + path) == nil
          ? path : folder.resolve(path, "item")
      }
    }
    self = try folder.placing(entry) {
      let file = try folder.resolve(entry, "model")
      let message = try ProtoMessage(contentsOf: file, as: .coreMLModel)
      let directory = entry.split(separator: "/").dropLast().joined(separator: "/")
      return try ModelPackage(message, WeightFiles(package: folder, directory: directory))
    }
    items = zip(manifest.items, paths).compactMap { item, source in
      item == manifest.root || item.isWeights
        ? nil
        : PackageItem(
          path: item.path, name: item.name, author: item.author, description: item.description,
          source: source)
    }
    looseFiles = folder.looseFiles
  }

  /// Reads a `Model` message.
  init(_ message: ProtoMessage, _ weights: WeightFiles) throws {
    let kind = message.oneofCase(of: "mlProgram")
    guard let program = message.message("mlProgram") else { throw Diagnostic.kind(kind) }
    let version = Int(message.int("specificationVersion"))
    guard (6...10).contains(version) else { throw Diagnostic.version(version) }
    var description = try ModelDescription(message.inner("description"))
    let functions = program.entries("functions")
    if !description.namesFunctions, functions.count == 1 {
      // Described without a name, so under the only one there is.
      description.functions[0].name = functions[0].key
    }
    self.init(
      specificationVersion: version, description: description,
      program: try Program(program, description: description, weights: weights),
      isUpdatable: message.bool("isUpdatable"))
    for function in self.program.functions where function.opset.specificationVersion > version {
      throw Diagnostic.opset(function, version)
    }
    try checkInterfaces()
    preserved = try message.preservedUnknownFields()
    if let original = message.message("description"), original.holdsUnknownFields {
      preservedDescription = Preserved(try original.encoded())
    }
  }
}

extension Manifest.Item {
  /// The item of the weights, which are written anew.
  var isWeights: Bool { path == Manifest.weightsPath }
}

extension PackageFolder {
  /// Runs `body`; what it throws is placed in the `entry` of this package.
  func placing<T>(_ entry: String, _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch var diagnostic as Diagnostic {
      var location = diagnostic.location ?? Location()
      if location.file == nil || location.file == path + "/" + entry {
        location.file = path
        location.entry = entry
      }
      diagnostic.location = location
      throw diagnostic
    }
  }
}

extension Diagnostic {
  fileprivate static func kind(_ kind: String?) -> Diagnostic {
    guard let kind else { return .malformed("the model is of no known kind") }
    let what =
      switch kind {
      case "neuralNetwork", "neuralNetworkClassifier", "neuralNetworkRegressor":
        "a \(kind), the format before ML Programs"
      case "pipeline", "pipelineClassifier", "pipelineRegressor": "a \(kind) of several models"
      default: "a \(kind)"
      }
    return .error(
      .unsupportedModel, "the model is \(what); modelpack reads ML Programs",
      fix: kind.hasPrefix("pipeline")
        ? "give the models of the pipeline one by one"
        : "convert the source model again, as an ML Program")
  }

  fileprivate static func version(_ version: Int) -> Diagnostic {
    let message = "the model has specification version \(version) (readable: 6 to 10)"
    return version > 10 ? .error(.unsupportedModel, message) : .malformed(message)
  }

  fileprivate static func opset(_ function: Function, _ version: Int) -> Diagnostic {
    .malformed(
      "the function '\(function.name)' has the opset \(function.opset.identifier), which needs "
        + "specification version \(function.opset.specificationVersion), but the model has "
        + "\(version)")
  }
}
