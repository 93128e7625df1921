// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Testing

/// Protobuf bytes with exactly one defect each.
@Suite struct WireScannerTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let message: String

    init(_ name: String, _ bytes: [UInt8], _ message: String) {
      testDescription = name
      self.bytes = bytes
      self.message = message
    }
  }

  /// A graph with a name, around which most defects sit: `3a 03 12 01 67`.
  static let cases: [Case] = [
    Case(
      "tag cut off", hex("3a03120167 80"),
      "byte 5: a varint of ModelProto is cut off by the end at byte 6"),
    Case(
      "tag longer than 5 bytes", hex("888080808000 01"),
      "byte 0: a varint of ModelProto is longer than 5 bytes"),
    Case(
      "value cut off", hex("0880"),
      "byte 1: a varint of ModelProto is cut off by the end at byte 2"),
    Case(
      "varint of 11 bytes", hex("08 8080808080808080808001"),
      "byte 1: a varint of ModelProto is longer than 10 bytes"),
    Case(
      "field number 0", hex("0001"),
      "byte 0: ModelProto has field number 0 (allowed: 1 to 536870911)"),
    Case(
      "field number 2^29", hex("8080808010 01"),
      "byte 0: ModelProto has field number 536870912 (allowed: 1 to 536870911)"),
    Case(
      "group", hex("0b0c"),
      "byte 0: field 'ir_version' (1) of ModelProto has wire type 3 (allowed: 0, 1, 2, 5)"),
    Case(
      "wire type 7", hex("ff01"),
      "byte 0: field 31 of ModelProto has wire type 7 (allowed: 0, 1, 2, 5)"),
    Case(
      "a string where an integer belongs", hex("0a0131"),
      "byte 0: field 'ir_version' (1) of ModelProto has wire type 2, but a signed integer has 0"),
    Case(
      "an integer where a message belongs", hex("3807"),
      "byte 0: field 'graph' (7) of ModelProto has wire type 0, but a GraphProto has 2"),
    Case(
      "length past the end of the file", hex("3a05120167"),
      "byte 0: field 'graph' (7) of ModelProto is 5 bytes long, but 3 are left"),
    Case(
      "length past the end of the message around it", hex("3a03120267 0807"),
      "byte 2: field 'name' (2) of GraphProto is 2 bytes long, but 1 are left"),
    Case(
      "length of 4 GiB", hex("3affffffff0f"),
      "byte 0: field 'graph' (7) of ModelProto is 4294967295 bytes long, but 0 are left"),
    Case(
      "unknown field of 8 bytes cut off", hex("f10101020304050607"),
      "byte 0: field 30 of ModelProto is 8 bytes long, but 7 are left"),
    Case(
      "float cut off", hex("3a09 0a07 2a05 15000000"),
      "byte 0: field 'graph' (7) of ModelProto is 9 bytes long, but 8 are left"),
    Case(
      "float of 3 bytes", hex("3a08 0a06 2a04 15000000"),
      "byte 6: field 'f' (2) of AttributeProto is 4 bytes long, but 3 are left"),
    Case(
      "packed floats of 5 bytes", hex("3a09 2a07 2205 0000000000"),
      "byte 4: field 'float_data' (4) of TensorProto is packed into 5 bytes, "
        + "which is no multiple of 4"),
    Case(
      "packed doubles of 4 bytes", hex("3a08 2a06 5204 00000000"),
      "byte 4: field 'double_data' (10) of TensorProto is packed into 4 bytes, "
        + "which is no multiple of 8"),
    Case(
      "packed integers cut off", hex("3a05 2a03 3a01 80"),
      "byte 6: a varint of TensorProto is cut off by the end at byte 7"),
    Case(
      "string that is not UTF-8", hex("1203 61c328"),
      "byte 2: field 'producer_name' (2) of ModelProto is not valid UTF-8"),
    Case(
      "string with a NUL byte", hex("1203 610062"),
      "byte 3: field 'producer_name' (2) of ModelProto holds a NUL byte"),
  ]

  @Test(arguments: cases) func isRefused(problem: Case) {
    let text = thrown {
      _ = try ProtoMessage(decoding: problem.bytes, as: .onnxModel, file: "m.onnx")
    }
    #expect(text == "malformed-input: m.onnx: \(problem.message)")
  }

  /// Without its one defect each of these would be accepted.
  @Test func theSoundVariantsAreAccepted() throws {
    for bytes in ["3a03120167", "3a08120167 0a032201 61", "3a09 0a07 2a05 15000000 3f"] {
      _ = try ProtoMessage(decoding: hex(bytes), as: .onnxModel)
    }
    let packed = try ProtoMessage(decoding: hex("3a0a 2a08 2204 0000803f 0802"), as: .onnxModel)
    #expect(
      packed.message("graph")?.messages("initializer").first?.floats("float_data") == [1])
    // Lists are read packed or not, whichever way the schema writes them.
    for dims in ["0a02 0203", "0802 0803"] {
      #expect(try ProtoMessage(decoding: hex(dims), as: .onnxTensor).ints("dims") == [2, 3])
    }
  }

  /// A prefix is malformed unless it ends between two fields of the outermost message.
  @Test(arguments: [(Recorded.coreML, ProtoSchema.coreMLModel), (Recorded.onnx, .onnxModel)])
  func everyTruncationIsRefusedOrShorter(whole: [UInt8], schema: ProtoSchema) throws {
    var accepted = 0
    for count in 0..<whole.count {
      guard let part = try? ProtoMessage(decoding: Array(whole[..<count]), as: schema) else {
        continue
      }
      accepted += 1
      #expect(try part.encoded().count == count)
    }
    #expect(accepted == 3)
  }

  /// A subgraph in an attribute in a node, over and over.
  @Test(arguments: [(32, true), (33, false), (100_000, false)])
  func nestingIsBounded(levels: Int, accepted: Bool) throws {
    // From the inside out, which makes the bytes in linear time.
    var reversed: [UInt8] = []
    for _ in 0..<levels {
      for tag: UInt8 in [0x32, 0x2a, 0x0a] {
        reversed += varint(reversed.count).reversed()
        reversed.append(tag)
      }
    }
    let graph = Array(reversed.reversed())
    let bytes = [0x3a] + varint(graph.count) + graph
    // Model and graph, then three messages per level, not the innermost empty graph's node.
    let text = thrown { _ = try ProtoMessage(decoding: bytes, as: .onnxModel) }
    if accepted {
      #expect(text == "nothing was thrown")
    } else {
      #expect(text.hasSuffix("messages are nested more than 100 deep"))
    }
  }

  private func varint(_ value: Int) -> [UInt8] {
    value < 128 ? [UInt8(value)] : [UInt8(value & 127) | 128] + varint(value >> 7)
  }
}

/// Large fields are left in the file.
@Suite struct LargeFieldTests {
  /// A model with one small and one large constant in a graph, and a name behind them.
  private func model() throws -> [UInt8] {
    var model = ProtoMessage(.onnxModel)
    model.edit("graph") { graph in
      graph.add("initializer") { $0.set("raw_data", [UInt8](repeating: 1, count: 10)) }
      graph.add("initializer") { tensor in
        tensor.set("raw_data", [UInt8](repeating: 2, count: 1000))
        tensor.set("name", "big")
      }
      graph.set("name", "g")
    }
    model.set("domain", "after")
    return try model.encoded()
  }

  @Test func comeBackAsRanges() throws {
    let bytes = try model()
    let scratch = Scratch()
    let path = scratch.file("m.onnx", bytes)
    let model = try ProtoMessage(contentsOf: path, as: .onnxModel, largeFieldThreshold: 100)
    let graph = try #require(model.message("graph"))
    let tensors = graph.messages("initializer")
    #expect(tensors[0].bytes("raw_data") == .owned([UInt8](repeating: 1, count: 10)))
    guard case .range(let offset, 1000) = tensors[1].bytes("raw_data") else {
      Issue.record("\(tensors[1].bytes("raw_data"))")
      return
    }
    #expect(bytes[offset..<(offset + 1000)].allSatisfy { $0 == 2 })
    #expect(bytes[offset - 1] != 2)
    #expect(tensors[1].has("raw_data") && tensors[1].unknownFields.isEmpty)
    #expect(tensors[1].string("name") == "big" && graph.string("name") == "g")
    #expect(model.string("domain") == "after")
    #expect(
      thrown { _ = try model.encoded() }
        == "internal-error: cannot encode onnx.ModelProto: it was decoded with its large fields "
        + "left in the file")
  }

  @Test func areOwnedBelowTheThreshold() throws {
    let scratch = Scratch()
    let path = scratch.file("m.onnx", try model())
    let model = try ProtoMessage(contentsOf: path, as: .onnxModel, largeFieldThreshold: 1000)
    #expect(model.message("graph")?.messages("initializer").last?.bytes("raw_data").count == 1000)
    #expect(try model.encoded() == self.model())
  }

  @Test(arguments: [("4a024141 4a0141", 4), ("4a0141 4a024141", 3)])
  func givenTwiceAreRefused(tensor: String, offset: Int) {
    let bytes = hex(tensor)
    let text = thrown {
      try bytes.withUnsafeBytes {
        _ = try ProtoMessage(decoding: $0, as: .onnxTensor, largeFieldThreshold: 1)
      }
    }
    #expect(
      text
        == "malformed-input: byte \(offset): field 'raw_data' (9) of TensorProto is given twice")
  }

  @Test func theReservedNumberIsRefused() {
    let bytes = hex("faffffff0f 0101")
    let text = thrown {
      try bytes.withUnsafeBytes {
        _ = try ProtoMessage(decoding: $0, as: .onnxTensor, largeFieldThreshold: 1)
      }
    }
    #expect(text == "malformed-input: byte 0: field number 536870911 is not used by ONNX")
  }

  @Test func aMissingFileIsNamed() {
    #expect(
      thrown { _ = try ProtoMessage(contentsOf: "/nonexistent/m.onnx", as: .onnxModel) }
        == "not-found: /nonexistent/m.onnx: cannot be opened: No such file or directory")
  }
}
