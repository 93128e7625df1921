// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Testing

/// Messages serialized by the Python packages of the formats' owners.
enum Recorded {
  /// A program with one constant, a range-shaped input and one user-defined metadata entry.
  static let coreML = hex(
    """
    0809122f0a210a01781a1c2a1a0a02010310908004fa010f0a0d080110ffffffffffffffffff01a20609a206
    060a016b120176b21fa2010801129d010a046d61696e1294011207436f72654d4c381a88010a07436f72654d
    4c38127d1a7b0a05636f6e737412090a016e12040a020a001a110a0163120c0a0a081710011a040a0208022a
    290a0376616c1222120c0a0a081710011a040a0208021a120a10120e0a0cffffffffffffffffff01ac022a29
    0a017712242a220a1e406d6f64656c5f706174682f776569676874732f7765696768742e62696e1040
    """)
  /// A neural network, a kind of model of which the schemas declare nothing.
  static let neuralNetwork = hex("0804a21f050a030a016c")
  /// One Relu with attributes, an initializer and a symbolic dimension.
  static let onnx = hex(
    """
    080a3a7c0a380a01781201791a0172220452656c752a0f0a05616c706861150000003fa001012a160a046178
    6573400140feffffffffffffffff01a001071201672a110802100122080000803f000000404201775a140a01
    78120f0a0d080112090a0312014e0a02080362140a0179120f0a0d080112090a0312014e0a02080342021015
    """)
}

@Suite struct ProtoMessageTests {
  @Test func readsAModel() throws {
    let model = try ProtoMessage(decoding: Recorded.coreML, as: .coreMLModel)
    #expect(model.typeName == "CoreML.Specification.Model")
    #expect(model.int("specificationVersion") == 9)
    #expect(model.oneofCase(of: "pipeline") == "mlProgram")
    #expect(!model.has("isUpdatable") && model["isUpdatable"] == nil)
    let description = try #require(model.message("description"))
    let metadata = try #require(description.message("metadata"))
    #expect(metadata.stringEntries("userDefined").map { "\($0)=\($1)" } == ["k=v"])
    let input = try #require(description.messages("input").first)
    let array = try #require(input.message("type")?.message("multiArrayType"))
    #expect(array.ints("shape") == [1, 3] && array.int("dataType") == 65552)
    #expect(array.oneofCase(of: "enumeratedShapes") == "shapeRange")
    #expect(array.message("enumeratedShapes") == nil)
    let range = try #require(array.message("shapeRange")?.messages("sizeRanges").first)
    #expect(range.uint("lowerBound") == 1 && range.int("upperBound") == -1)
  }

  @Test func readsAProgram() throws {
    let model = try ProtoMessage(decoding: Recorded.coreML, as: .coreMLModel)
    let program = try #require(model.message("mlProgram"))
    let (name, function) = try #require(program.entries("functions").first)
    #expect(name == "main" && function.string("opset") == "CoreML8")
    let block = try #require(function.entries("block_specializations").first?.value)
    #expect(block.count("operations") == 1 && block.count("outputs") == 0)
    let operation = try #require(block.messages("operations").first)
    #expect(operation.string("type") == "const")
    let binding = try #require(
      operation.entries("inputs").first?.value.messages("arguments").first)
    #expect(binding.oneofCase(of: "value") == "name" && binding.string("name") == "")
    let value = try #require(operation.entries("attributes").first?.value)
    let tensor = try #require(value.message("immediateValue")?.message("tensor"))
    #expect(tensor.message("ints")?.ints("values") == [-1, 300])
    let blob = try #require(operation.entries("attributes")[1].value.message("blobFileValue"))
    #expect(blob.uint("offset") == 64)
    #expect(blob.string("fileName") == "@model_path/weights/weight.bin")
  }

  @Test func readsONNX() throws {
    let model = try ProtoMessage(decoding: Recorded.onnx, as: .onnxModel)
    let graph = try #require(model.message("graph"))
    let node = try #require(graph.messages("node").first)
    #expect(node.strings("input") == ["x"] && node.string("op_type") == "Relu")
    let attributes = node.messages("attribute")
    #expect(attributes[0].float("f") == 0.5 && attributes[0].int("type") == 1)
    #expect(attributes[1].ints("ints") == [1, -2] && attributes[1].int("type") == 7)
    #expect(graph.messages("initializer").first?.floats("float_data") == [1, 2])
    let shape = graph.messages("input").first?.message("type")?.message("tensor_type")?
      .message("shape")
    let dimensions = try #require(shape).messages("dim")
    #expect(dimensions.map { $0.oneofCase(of: "dim_value") } == ["dim_param", "dim_value"])
  }

  @Test(arguments: [
    (Recorded.coreML, ProtoSchema.coreMLModel), (Recorded.neuralNetwork, .coreMLModel),
    (Recorded.onnx, .onnxModel),
  ])
  func writesTheBytesThatItRead(bytes: [UInt8], schema: ProtoSchema) throws {
    let message = try ProtoMessage(decoding: bytes, as: schema)
    #expect(try hex(message.encoded()) == hex(bytes))
    #expect(try hex(Self.rebuilt(message).encoded()) == hex(bytes))
  }

  /// The same message with every message in it made anew.
  private static func rebuilt(_ message: ProtoMessage) -> ProtoMessage {
    var copy = ProtoMessage(message.schema)
    for name in message.schema.fieldNames {
      switch message[name] {
      case .message(let inner): copy.set(name, rebuilt(inner))
      case .messages(let list): copy.set(name, list.map(rebuilt))
      case .some(let value): copy.set(name, value)
      case nil: break
      }
    }
    for field in message.unknownFields { copy.addUnknownField(field) }
    return copy
  }

  @Test func keepsWhatTheSchemaDoesNotDeclare() throws {
    let bytes = hex("0804 a21f05 0a030a016c f8ff0707 faff0702abcd fdff0701020304")
    var model = try ProtoMessage(decoding: bytes, as: .coreMLModel)
    #expect(
      model.unknownFields == [
        ProtoUnknownField(number: 16383, wireType: 0, bytes: [7]),
        ProtoUnknownField(number: 16383, wireType: 2, bytes: [2, 0xab, 0xcd]),
        ProtoUnknownField(number: 16383, wireType: 5, bytes: [1, 2, 3, 4]),
      ])
    #expect(model.oneofCase(of: "mlProgram") == "neuralNetwork")
    #expect(try model.encoded() == bytes)
    model.set("specificationVersion", 5)
    #expect(try hex(model.encoded()) == "0805" + hex(bytes).dropFirst(4))
  }

  @Test func mergesARepeatedMessageAsTheFormatSays() throws {
    let model = try ProtoMessage(
      decoding: hex("1205 a20602 0a00 1206 a20603 1a0161"), as: .coreMLModel)
    #expect(model.message("description")?.message("metadata")?.string("author") == "a")
  }

  @Test func schemasAreFoundByName() {
    #expect(ProtoSchema(named: "onnx.ModelProto") == .onnxModel)
    #expect(ProtoSchema(named: "onnx.ModelProt") == nil)
    #expect(ProtoSchema.all.contains(.milValue))
    #expect(ProtoSchema.milValue.shortName == "Value")
    #expect(
      ProtoSchema.milValue.fieldNames == ["docString", "type", "immediateValue", "blobFileValue"])
  }
}
