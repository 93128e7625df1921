// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import TestSupport
import Testing

/// Sound input with a few bytes changed, in a fixed pseudo-random order: each variant is read or
/// refused with a diagnostic, and what is read can be written.
@Suite struct MutationTests {
  @Test(arguments: [(Recorded.coreML, ProtoSchema.coreMLModel), (Recorded.onnx, .onnxModel)])
  func protobuf(bytes: [UInt8], schema: ProtoSchema) throws {
    let result = try Mutations(of: bytes).forEach(20_000) { variant in
      guard let message = try? ProtoMessage(decoding: variant, as: schema) else { return false }
      let again = try ProtoMessage(decoding: message.encoded(), as: schema)
      #expect(try again.encoded() == message.encoded())
      return true
    }
    #expect(result.read > 100 && result.refused > 100)
  }

  @Test func protobufWithRanges() throws {
    var tensor = ProtoMessage(.onnxTensor)
    tensor.set("raw_data", [UInt8](repeating: 3, count: 40))
    tensor.set("dims", [4, 10])
    let result = try Mutations(of: tensor.encoded()).forEach(5_000) { variant in
      variant.withUnsafeBytes { buffer in
        let message = try? ProtoMessage(decoding: buffer, as: .onnxTensor, largeFieldThreshold: 16)
        guard let message else { return false }
        if case .range(let offset, let count) = message.bytes("raw_data") {
          #expect(offset >= 0 && count > 16 && offset + count <= variant.count)
        }
        return true
      }
    }
    #expect(result.read > 100 && result.refused > 100)
  }

  @Test func json() throws {
    let text = #"{"graph": {"nodes": [{"name": "a\u00e9", "x": -1.5e3, "y": [true, null, 12]}]}}"#
    let result = Mutations(of: Array(text.utf8)).forEach(20_000) { variant in
      guard let value = try? JSON(parsing: variant) else { return false }
      #expect((try? JSON(parsing: value.text(.compact)).text(.compact)) == value.text(.compact))
      return true
    }
    #expect(result.read > 100 && result.refused > 100)
  }

  @Test func zip() throws {
    let scratch = Scratch()
    let bytes = ZipBuilder(.init("a/b"), .init("c", "")).bytes()
    let result = Mutations(of: bytes).forEach(3_000) { variant in
      let path = scratch.file("a.zip", variant)
      guard let archive = try? ZipArchive(path: path) else { return false }
      for entry in archive.entries {
        let content = try? archive.read(entry.name, limit: 1000)
        if let content { #expect(content.count == entry.size) }
        if let range = entry.storedRange { #expect(range.upperBound <= variant.count) }
      }
      return true
    }
    #expect(result.read > 10 && result.refused > 100)
  }
}
