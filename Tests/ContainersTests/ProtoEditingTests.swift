// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Testing

@Suite struct ProtoEditingTests {
  /// Fields in the order of their numbers, whatever the order they were set in.
  @Test func buildsAMessage() throws {
    var value = ProtoMessage(.milValue)
    value.edit("immediateValue") { immediate in
      immediate.edit("tensor") { tensor in
        tensor.edit("ints") { $0.set("values", [-1, 300]) }
      }
    }
    value.edit("type") { type in
      type.edit("tensorType") { tensor in
        tensor.add("dimensions") { dimension in dimension.edit("constant") { $0.set("size", 2) } }
        tensor.set("rank", 1)
        tensor.set("dataType", 23)
      }
    }
    #expect(
      try hex(value.encoded()) == "120c0a0a081710011a040a0208021a120a10120e0a0c"
        + "ffffffffffffffffff01ac02")
  }

  @Test func writesEveryKindOfField() throws {
    var tensor = ProtoMessage(.onnxTensor)
    tensor.set("name", "n")
    tensor.set("float_data", [Float(1)])
    tensor.set("double_data", [1.0])
    tensor.set("uint64_data", [UInt64.max])
    tensor.set("int32_data", [-1])
    tensor.set("string_data", ProtoValue.bytesList([.owned([7]), .owned([])]))
    tensor.set("raw_data", [UInt8(1), 2])
    tensor.set("data_location", 1)
    let again = try ProtoMessage(decoding: tensor.encoded(), as: .onnxTensor)
    #expect(again.string("name") == "n" && again.floats("float_data") == [1])
    #expect(again.doubles("double_data") == [1] && again.uints("uint64_data") == [.max])
    #expect(again.ints("int32_data") == [-1] && again.int("data_location") == 1)
    #expect(again.bytesList("string_data") == [.owned([7]), .owned([])])
    #expect(again.bytes("raw_data") == .owned([1, 2]))

    var bools = ProtoMessage(.milValue).empty("immediateValue").empty("tensor")
    bools.edit("bools") { $0.set("values", [true, false]) }
    let read = try ProtoMessage(decoding: bools.encoded(), as: bools.schema)
    #expect(read.message("bools")?.bools("values") == [true, false])
  }

  @Test func aMemberOfAOneofClearsTheOthers() throws {
    var type = ProtoMessage(.featureType)
    type.edit("int64Type") { _ in }
    type.edit("imageType") { $0.set("width", 4) }
    type.set("isOptional", true)
    #expect(type.oneofCase(of: "int64Type") == "imageType" && !type.has("int64Type"))
    #expect(try hex(type.encoded()) == "22020804c03e01")
  }

  @Test func aZeroIsWrittenOnlyInAOneof() throws {
    var array = ProtoMessage(.featureType).empty("multiArrayType")
    array.set("dataType", 0)
    array.set("floatDefaultValue", Float(0))
    #expect(!array.has("dataType") && array.has("floatDefaultValue"))
    #expect(try hex(array.encoded()) == "9d0300000000")
  }

  @Test func changesADecodedMessageAndLeavesTheOriginal() throws {
    let original = try ProtoMessage(decoding: hex("0809 1205 0a03 0a0178"), as: .coreMLModel)
    var changed = original
    changed.edit("description") { $0.add("input") { $0.set("name", "y") } }
    changed.clear("specificationVersion")
    #expect(try hex(changed.encoded()) == "120a0a030a01780a030a0179")
    #expect(try hex(original.encoded()) == "080912050a030a0178")
  }

  @Test func entriesKeepTheirOrder() throws {
    var metadata = ProtoMessage(.modelDescription).empty("metadata")
    metadata.setEntries("userDefined", [(key: "b", value: "1"), (key: "a", value: "2")])
    #expect(try hex(metadata.encoded()) == "a206060a0162120131a206060a0161120132")
    #expect(metadata.stringEntries("userDefined").map(\.key) == ["b", "a"])
  }

  @Test func aThrownErrorPassesThroughAnEdit() {
    struct Stop: Error {}
    var value = ProtoMessage(.milValue)
    #expect(throws: Stop.self) {
      try value.edit("type") { (_) throws(Stop) in throw Stop() }
    }
  }

  struct Misuse: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let message: String
    let change: @Sendable (inout ProtoMessage) -> Void

    init(_ message: String, _ change: @escaping @Sendable (inout ProtoMessage) -> Void) {
      testDescription = message
      self.message = message
      self.change = change
    }
  }

  @Test(arguments: [
    Misuse("there is no field 'colour'") { $0.set("colour", 1) },
    Misuse("there is no field 'colour'") { $0.edit("colour") { _ in } },
    Misuse("'data_type' is a signed integer and cannot be set to this string") {
      $0.set("data_type", "float")
    },
    Misuse("'data_type' is a signed integer and cannot be set to the integer 2147483648") {
      $0.set("data_type", 1 << 31)
    },
    Misuse("'name' is a string and cannot be set to this string") { $0.set("name", "a\0b") },
    Misuse("'dims' is a list of signed integer and cannot be set to the integer 3") {
      $0.set("dims", 3)
    },
    Misuse("'uint64_data' is a list of unsigned integer and cannot be set to this list of integers")
    { $0.set("uint64_data", [-1]) },
    Misuse("'segment' is a Segment and cannot be set to a GraphProto") {
      $0.set("segment", ProtoMessage(.onnxGraph))
    },
    Misuse("'external_data' is a list of StringStringEntryProto and cannot take a onnx.GraphProto")
    { $0.add("external_data", ProtoMessage(.onnxGraph)) },
    Misuse("'name' is a string and cannot be edited as a message") { $0.edit("name") { _ in } },
    Misuse("'segment' is a Segment and takes no message") { $0.add("segment") { _ in } },
    Misuse("'name' is a string and not a map") { $0.setEntries("name", [(key: "", value: "")]) },
  ])
  func misuseIsThrownWhenEncoding(misuse: Misuse) {
    var tensor = ProtoMessage(.onnxTensor)
    misuse.change(&tensor)
    var sparse = ProtoMessage(.onnxGraph).empty("sparse_initializer")
    sparse.set("values", tensor)
    #expect(
      thrown { _ = try sparse.encoded() }
        == "internal-error: cannot encode onnx.TensorProto: \(misuse.message)")
  }
}
