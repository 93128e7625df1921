// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Testing

/// Sound input with a few bytes changed, in a fixed pseudo-random order: each variant is read or
/// refused with a diagnostic, and what is read can be written.
@Suite struct MutationTests {
  /// A linear congruential generator; the same sequence on every run.
  private struct Dice: RandomNumberGenerator {
    var state: UInt64 = 0x5eed
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  private func variants(of bytes: [UInt8], count: Int, _ check: ([UInt8]) throws -> Bool) rethrows
    -> (read: Int, refused: Int)
  {
    var dice = Dice()
    var read = 0
    for _ in 0..<count {
      var variant = bytes
      for _ in 0..<Int.random(in: 1...3, using: &dice) {
        let place = Int.random(in: 0..<variant.count, using: &dice)
        switch Int.random(in: 0..<4, using: &dice) {
        case 0: variant[place] = UInt8.random(in: 0...255, using: &dice)
        case 1: variant[place] ^= 1 << UInt8.random(in: 0..<8, using: &dice)
        case 2 where variant.count > 8: variant.remove(at: place)
        default:
          variant.insert([0, 1, 0x7f, 0x80, 0xff].randomElement(using: &dice) ?? 0, at: place)
        }
      }
      if try check(variant) { read += 1 }
    }
    return (read, count - read)
  }

  @Test(arguments: [(Recorded.coreML, ProtoSchema.coreMLModel), (Recorded.onnx, .onnxModel)])
  func protobuf(bytes: [UInt8], schema: ProtoSchema) throws {
    let result = try variants(of: bytes, count: 20_000) { variant in
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
    let result = try variants(of: tensor.encoded(), count: 5_000) { variant in
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
    let result = variants(of: Array(text.utf8), count: 20_000) { variant in
      guard let value = try? JSON(parsing: variant) else { return false }
      #expect((try? JSON(parsing: value.text(.compact)).text(.compact)) == value.text(.compact))
      return true
    }
    #expect(result.read > 100 && result.refused > 100)
  }

  @Test func zip() throws {
    let scratch = Scratch()
    let bytes = ZipBuilder(.init("a/b"), .init("c", "")).bytes()
    let result = variants(of: bytes, count: 3_000) { variant in
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
