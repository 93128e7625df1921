// SPDX-License-Identifier: Apache-2.0
import Containers
import Foundation

/// A package of `Fixtures/packages`, held in memory for spoiling one thing in it.
struct SpoiledPackage {
  /// Contents by path in the package.
  var files: [String: [UInt8]]
  /// Symbolic links by path in the package, with what they point to.
  var links: [String: String] = [:]

  static let manifestPath = "Manifest.json"
  static let modelPath = "Data/com.apple.CoreML/model.mlmodel"
  static let weightsPath = "Data/com.apple.CoreML/weights/weight.bin"

  init(_ name: String) { files = tree("\(fixtures)/packages/\(name).mlpackage") }

  var manifest: String {
    get { String(decoding: files[Self.manifestPath] ?? [], as: UTF8.self) }
    set { files[Self.manifestPath] = Array(newValue.utf8) }
  }

  var model: [UInt8] {
    get { files[Self.modelPath] ?? [] }
    set { files[Self.modelPath] = newValue }
  }

  var weights: [UInt8] {
    get { files[Self.weightsPath] ?? [] }
    set { files[Self.weightsPath] = newValue }
  }

  /// Replaces a file by a link.
  mutating func link(_ path: String, to target: String) {
    files[path] = nil
    links[path] = target
  }

  /// Changes the model as a message.
  mutating func editModel(_ body: (inout ProtoMessage) throws -> Void) throws {
    var message = try ProtoMessage(decoding: model, as: .coreMLModel)
    try body(&message)
    model = try message.encoded()
  }

  func write(to path: String) throws {
    for name in Set(files.keys).union(links.keys) {
      let place = path + "/" + name
      let folder = place[..<(place.lastIndex(of: "/") ?? place.endIndex)]
      try FileManager.default.createDirectory(
        atPath: String(folder), withIntermediateDirectories: true)
      if let target = links[name] {
        try FileManager.default.createSymbolicLink(atPath: place, withDestinationPath: target)
      } else {
        _ = FileManager.default.createFile(atPath: place, contents: files[name].map { Data($0) })
      }
    }
  }
}

extension [UInt8] {
  /// Writes a little-endian integer over the bytes at `offset`.
  mutating func put<T: FixedWidthInteger>(_ value: T, at offset: Int) {
    let bytes = Swift.withUnsafeBytes(of: value.littleEndian) { Array($0) }
    replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }
}

/// Changes deep inside a model.
extension ProtoMessage {
  /// Changes the entry `key` of a map.
  mutating func editEntry(
    _ field: String, _ key: String, _ body: (inout ProtoMessage) throws -> Void
  ) rethrows {
    var list = messages(field)
    for index in list.indices where list[index].string("key") == key {
      try list[index].edit("value", body)
    }
    set(field, list)
  }

  /// Adds to a map a second entry of the same key and content.
  mutating func repeatEntry(_ field: String, _ key: String) {
    let list = messages(field)
    set(field, list + list.filter { $0.string("key") == key })
  }

  mutating func removeEntry(_ field: String, _ key: String) {
    set(field, messages(field).filter { $0.string("key") != key })
  }

  /// Changes an element of a repeated field.
  mutating func editElement(
    _ field: String, _ index: Int = 0, _ body: (inout ProtoMessage) throws -> Void
  ) rethrows {
    var list = messages(field)
    guard list.indices.contains(index) else { return }
    try body(&list[index])
    set(field, list)
  }

  /// In a model: changes a function.
  mutating func editFunction(
    _ name: String = "main", _ body: (inout ProtoMessage) throws -> Void
  ) rethrows {
    try edit("mlProgram") { try $0.editEntry("functions", name, body) }
  }

  /// In a model: changes the body of `main`.
  mutating func editBody(_ body: (inout ProtoMessage) throws -> Void) rethrows {
    try editFunction { function in
      try function.editEntry("block_specializations", function.string("opset"), body)
    }
  }

  /// In a model: changes the operation of `main` with this result or, where it has none, name.
  mutating func editOperation(
    _ result: String, _ body: (inout ProtoMessage) throws -> Void
  ) rethrows {
    try editBody { block in
      var list = block.messages("operations")
      for index in list.indices where list[index].isOperation(result) { try body(&list[index]) }
      block.set("operations", list)
    }
  }

  private func isOperation(_ result: String) -> Bool {
    messages("outputs").contains { $0.string("name") == result }
      || messages("outputs").isEmpty
        && entries("attributes").contains {
          $0.value.message("immediateValue")?.message("tensor")?.message("strings")?
            .strings("values") == [result]
        }
  }

  /// In a model: changes the value of a constant of `main`.
  mutating func editConstant(
    _ name: String, _ body: (inout ProtoMessage) throws -> Void
  ) rethrows {
    try editOperation(name) { try $0.editEntry("attributes", "val", body) }
  }

  /// In a model: changes the declared tensor type of the result of an operation of `main`.
  mutating func editType(_ result: String, _ body: (inout ProtoMessage) throws -> Void) rethrows {
    try editOperation(result) { operation in
      try operation.editElement("outputs") {
        try $0.edit("type") { try $0.edit("tensorType", body) }
      }
    }
  }

  /// In an operation: binds an operand to values.
  mutating func bind(_ operand: String, _ names: String...) {
    removeEntry("inputs", operand)
    let argument = Self.argument(names)
    let map = messages("inputs") + [Self.entry("inputs", of: schema, operand, argument)]
    set("inputs", map)
  }

  static func argument(_ names: [String]) -> ProtoMessage {
    var argument = ProtoMessage(.milArgument)
    argument.set(
      "arguments",
      names.map { name in
        var binding = ProtoMessage(.milBinding)
        binding.set("name", name)
        return binding
      })
    return argument
  }

  static func entry(
    _ field: String, of schema: ProtoSchema, _ key: String, _ value: ProtoMessage
  ) -> ProtoMessage {
    var owner = ProtoMessage(schema)
    owner.setEntries(field, [(key: key, value: value)])
    return owner.messages(field).first ?? owner
  }

  /// In a description: changes the type of a feature.
  mutating func editFeature(
    _ field: String, _ index: Int = 0, _ body: (inout ProtoMessage) throws -> Void
  ) rethrows {
    try edit("description") { try $0.editElement(field, index) { try $0.edit("type", body) } }
  }

  /// In a description: changes the tensor of a feature.
  mutating func editArray(
    _ field: String, _ index: Int = 0, _ body: (inout ProtoMessage) throws -> Void
  ) rethrows {
    try editFeature(field, index) { try $0.edit("multiArrayType", body) }
  }

  /// The extents of a `TensorType`; negative ones are unknown.
  mutating func setDimensions(_ extents: [UInt64?]) {
    set("rank", extents.count)
    set(
      "dimensions",
      extents.map { extent in
        var dimension = ProtoMessage(.milDimension)
        if let extent {
          dimension.edit("constant") { $0.set("size", extent) }
        } else {
          dimension.edit("unknown") { $0.set("variadic", false) }
        }
        return dimension
      })
  }
}
