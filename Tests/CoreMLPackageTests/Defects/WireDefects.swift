// SPDX-License-Identifier: Apache-2.0
import Containers

/// What can be wrong with the model as a protobuf message. It begins with its version (field 1) and
/// description (field 2); the program (field 502) comes last.
enum WireDefects {
  static let all: [Defect] = [
    .wire("an empty model", "") { $0 = [] },
    .wire("a model of text", "") { $0 = Array("not a model at all".utf8) },
    .wire("a model of zeros", "") { $0 = Array(repeating: 0, count: 100) },
    .wire("a model cut after a tag", "") { $0 = [0x08] },
    .wire("a model cut in a length", "") { $0 = [0x08, 7, 0x12, 0x80] },
    .wire("a model cut in the description", "") { $0 = Array($0.prefix(20)) },
    .wire("a model cut in the program", "") { $0 = Array($0.prefix(1000)) },
    .wire("the last byte of the model cut off", "") { $0.removeLast() },
    .wire("field number 0", "") { $0.insert(contentsOf: [0x02, 0], at: 0) },
    .wire("a group", "") { $0.insert(contentsOf: [0x0b, 0x0c], at: 0) },
    .wire("wire type 7", "") { $0.insert(0x0f, at: 0) },
    .wire("a version of bytes", "") { $0.replaceSubrange(0..<2, with: [0x0a, 1, 7]) },
    .wire("a description that is a number", "") { $0.insert(contentsOf: [0x10, 1], at: 0) },
    .wire("a varint of 11 bytes", "") {
      $0.insert(contentsOf: [0x08] + Array(repeating: 0xff, count: 10) + [1], at: 0)
    },
    .wire("a length of 2^35", "") { $0 = [0x12, 0x80, 0x80, 0x80, 0x80, 0x80, 1] },
    .wire("a length past the end", "") { $0 = [0x12, 0xff, 0xff, 0xff, 0x7f] },
    .wire("a name that is no UTF-8", "") {
      $0.spoil("softmax", at: 0, with: 0xff)
    },
    .wire("a name with a NUL", "") {
      $0.spoil("softmax", at: 3, with: 0)
    },
    .wire("floats of three bytes", "") {
      // Model.mlProgram.attributes["a"].immediateValue.tensor.floats
      $0 += Self.nested([502, 4], [0x0a, 1, 0x61] + Self.nested([2, 3, 1, 1, 1], [1, 2, 3]))
    },
    .model("1000 nested blocks", "") { model in
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
    .model("1000 nested lists", "") { model in
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
