// SPDX-License-Identifier: Apache-2.0
import Containers

/// What can be wrong with the model as a protobuf message. It begins with its version (field 1) and
/// description (field 2); the program (field 502) comes last.
enum WireDefects {
  static let all: [Defect] = [
    .wire("an empty model", "the model is of no known kind") { $0 = [] },
    .wire("a model of text", "byte 0: field 13 of Model has wire type 6 (allowed: 0, 1, 2, 5)") {
      $0 = Array("not a model at all".utf8)
    },
    .wire("a model of zeros", "byte 0: Model has field number 0 (allowed: 1 to 536870911)") {
      $0 = Array(repeating: 0, count: 100)
    },
    .wire("a model cut after a tag", "byte 1: a varint of Model is cut off by the end at byte 1") {
      $0 = [0x08]
    },
    .wire("a model cut in a length", "byte 3: a varint of Model is cut off by the end at byte 4") {
      $0 = [0x08, 7, 0x12, 0x80]
    },
    .wire(
      "a model cut in the description",
      "byte 2: field 'description' (2) of Model is 281 bytes long, but 15 are left"
    ) { $0 = Array($0.prefix(20)) },
    .wire(
      "a model cut in the program",
      "byte 286: field 'mlProgram' (502) of Model is 2632 bytes long, but 710 are left"
    ) { $0 = Array($0.prefix(1000)) },
    .wire(
      "the last byte of the model cut off",
      "byte 286: field 'mlProgram' (502) of Model is 2632 bytes long, but 2631 are left"
    ) { $0.removeLast() },
    .wire("field number 0", "byte 0: Model has field number 0 (allowed: 1 to 536870911)") {
      $0.insert(contentsOf: [0x02, 0], at: 0)
    },
    .wire(
      "a group",
      "byte 0: field 'specificationVersion' (1) of Model has wire type 3 (allowed: 0, 1, 2, 5)"
    ) { $0.insert(contentsOf: [0x0b, 0x0c], at: 0) },
    .wire(
      "wire type 7",
      "byte 0: field 'specificationVersion' (1) of Model has wire type 7 (allowed: 0, 1, 2, 5)"
    ) { $0.insert(0x0f, at: 0) },
    .wire(
      "a version of bytes",
      "byte 0: field 'specificationVersion' (1) of Model has wire type 2, but a signed integer has 0"
    ) { $0.replaceSubrange(0..<2, with: [0x0a, 1, 7]) },
    .wire(
      "a description that is a number",
      "byte 0: field 'description' (2) of Model has wire type 0, but a ModelDescription has 2"
    ) { $0.insert(contentsOf: [0x10, 1], at: 0) },
    .wire("a varint of 11 bytes", "byte 1: a varint of Model is longer than 10 bytes") {
      $0.insert(contentsOf: [0x08] + Array(repeating: 0xff, count: 10) + [1], at: 0)
    },
    .wire("a length of 2^35", "byte 1: a varint of Model is longer than 5 bytes") {
      $0 = [0x12, 0x80, 0x80, 0x80, 0x80, 0x80, 1]
    },
    .wire(
      "a length past the end",
      "byte 0: field 'description' (2) of Model is 268435455 bytes long, but 0 are left"
    ) { $0 = [0x12, 0xff, 0xff, 0xff, 0x7f] },
    .wire(
      "a name that is no UTF-8",
      "byte 30: field 'name' (1) of FeatureDescription is not valid UTF-8"
    ) {
      $0.spoil("softmax", at: 0, with: 0xff)
    },
    .wire("a name with a NUL", "byte 33: field 'name' (1) of FeatureDescription holds a NUL byte") {
      $0.spoil("softmax", at: 3, with: 0)
    },
    .wire(
      "floats of three bytes",
      "byte 2938: field 'values' (1) of RepeatedFloats is packed into 3 bytes, which is no multiple of 4"
    ) {
      // Model.mlProgram.attributes["a"].immediateValue.tensor.floats
      $0 += Self.nested([502, 4], [0x0a, 1, 0x61] + Self.nested([2, 3, 1, 1, 1], [1, 2, 3]))
    },
    .model("1000 nested blocks", "byte 3246: messages are nested more than 100 deep") { model in
      var operation = ProtoMessage(.milOperation)
      operation.set("type", "cond")
      for _ in 0..<1000 {
        var block = ProtoMessage(.milBlock)
        block.set("operations", [operation])
        operation = ProtoMessage(.milOperation)
        operation.set("type", "cond")
        operation.set("blocks", [block])
      }
      model.editBody { $0.add("operations", operation) }
    },
    .model("1000 nested lists", "byte 2898: messages are nested more than 100 deep") { model in
      var type = ProtoMessage(.milValueType)
      for _ in 0..<1000 {
        var list = ProtoMessage(.milValueType)
        list.edit("listType") { $0.set("type", type) }
        type = list
      }
      model.editOperation("softmax") { $0.editElement("outputs") { $0.set("type", type) } }
    },
  ]

  /// `content` in fields of these numbers, the first the outermost.
  private static func nested(_ numbers: [Int], _ content: [UInt8]) -> [UInt8] {
    numbers.reversed().reduce(content) { content, number in
      varint(number << 3 | 2) + varint(content.count) + content
    }
  }

  private static func varint(_ value: Int) -> [UInt8] {
    value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7f) | 0x80] + varint(value >> 7)
  }
}

extension [UInt8] {
  /// Puts a byte into the first place where `text` is.
  fileprivate mutating func spoil(_ text: String, at index: Int, with byte: UInt8) {
    let pattern = Array(text.utf8)
    for start in 0..<(count - pattern.count) where starts(with: pattern, at: start) {
      self[start + index] = byte
      return
    }
  }

  private func starts(with pattern: [UInt8], at start: Int) -> Bool {
    self[start..<start + pattern.count].elementsEqual(pattern)
  }
}
