// SPDX-License-Identifier: Apache-2.0
import Tensors
import TestSupport
import Testing

struct NPZCase: Sendable, CustomTestStringConvertible {
  var name: String
  var bytes: [UInt8]
  var message: String
  var testDescription: String { name }

  init(_ name: String, _ bytes: [UInt8], _ message: String) {
    self.name = name
    self.bytes = bytes
    self.message = "malformed-input: " + message
  }

  init(_ name: String, _ entries: [StoredZip.Entry], _ message: String) {
    self.init(name, StoredZip(entries).bytes, message)
  }
}

private let good = npy(header("<i2"), [1, 0, 2, 0])

private func entry(
  _ name: String, _ content: [UInt8] = good, _ change: (inout StoredZip.Entry) -> Void = { _ in }
) -> StoredZip.Entry {
  var entry = StoredZip.Entry(name, content)
  change(&entry)
  return entry
}

@Suite struct NPZTests {
  let folder = ScratchFolder()

  @Test func writesWhatItReads() throws {
    let members: [NPZ.Member] = [
      ("x", TensorData(float32: [1, 2, 3, 4], shape: [2, 2])),
      ("a.b", TensorData(int32: [7], shape: [])),
      ("half", try TensorData([1.5], as: .float16)),
    ]
    try NPZ.write(members, to: folder("a.npz"))
    try NPZ.write(members, to: folder("b.npz"))
    let read = try NPZ.read(folder("a.npz"))
    #expect(read.map(\.name) == members.map(\.name))
    #expect(read.map(\.data) == members.map(\.data))
    #expect(ScratchFolder.read(folder("a.npz")) == ScratchFolder.read(folder("b.npz")))
    #expect(folder.names == ["a.npz", "b.npz"])
  }

  @Test func readsAnEmptyArchive() throws {
    #expect(try NPZ.read(folder.file("a.npz", StoredZip([]).bytes)).isEmpty)
  }

  @Test func keepsWhatExists() throws {
    folder.file("a.npz", "old")
    #expect(
      thrownText(in: folder) { try NPZ.write([], to: folder("a.npz")) }
        == "output-exists: a.npz: exists already")
    #expect(ScratchFolder.read(folder("a.npz")) == Array("old".utf8))
    try NPZ.write([], to: folder("a.npz"), overwrite: true)
    #expect(try NPZ.read(folder("a.npz")).isEmpty)
  }

  @Test func leavesNothingWhenATypeCannotBeWritten() throws {
    let odd = try TensorData(dtype: .int4, shape: [2], bytes: [0])
    #expect(
      thrownText(in: folder) { try NPZ.write([("x", odd)], to: folder("a.npz")) }
        == "unsupported-type: a.npz > x: an .npy file cannot hold int4 elements")
    #expect(folder.names.isEmpty)
  }

  @Test func saysThatAFileIsMissing() {
    #expect(
      thrownText(in: folder) { _ = try NPZ.read(folder("a.npz")) }
        == "not-found: a.npz: cannot open: No such file or directory")
  }

  static let problems: [NPZCase] = [
    NPZCase("empty file", [UInt8](), "a.npz: is not a zip archive (0 bytes)"),
    NPZCase(
      "a lone array", good, "a.npz: is a single .npy array, not an .npz archive"),
    NPZCase(
      "text", Array("hello, world".utf8),
      "a.npz: is not a zip archive (begins with 0x6c6c6568)"),
    NPZCase(
      "cut off", StoredZip([entry("x.npy")]).bytes.dropLast(30),
      "a.npz: has no end record: it is cut off, or not a zip archive"),
    NPZCase(
      "an entry that is no array", [entry("x.txt", [1])],
      "a.npz > x.txt: is not an array; an .npz holds .npy entries only"),
    NPZCase(
      "a folder", [entry("x/", [])], "a.npz > x/: is a folder; an .npz holds arrays only"),
    NPZCase(
      "a name twice", [entry("x.npy"), entry("x.npy")],
      "a.npz > x.npy: two entries have this name"),
    NPZCase(
      "an array that is cut", [entry("y.npy"), entry("x.npy", Array(good.dropLast()))],
      "a.npz > x.npy: is int16 of shape [2], which takes 4 bytes, but has 3"),
    NPZCase(
      "wrong checksum", [entry("x.npy") { $0.crc = 1 }],
      "a.npz > x.npy: it cannot be read: CRC error"),
    NPZCase(
      "a bomb",
      [
        entry("x.npy", [0, 1, 2]) {
          $0.method = 8
          $0.size = 4_000_000_000
        }
      ],
      "a.npz > x.npy: expands from 3 bytes to 4000000000, past the limit of 1073741824 for "
        + "compressed arrays"),
    NPZCase(
      "a bomb in parts",
      (0..<3).map { part in
        entry("\(part).npy", [0]) {
          $0.method = 8
          $0.size = 500_000_000
        }
      },
      "a.npz > 2.npy: expands from 1 bytes to 500000000, past the limit of 1073741824 for "
        + "compressed arrays"),
    NPZCase(
      "broken compression",
      [
        entry("x.npy", [0xff, 0xff]) {
          $0.method = 8
          $0.size = 100
        }
      ], "a.npz > x.npy: it cannot be read: Zlib error: data error"),
    NPZCase(
      "a name upwards", [entry("../x.npy")], "a.npz > ../x.npy: the name leads out of the archive"),
    NPZCase(
      "an absolute name", [entry("/x.npy")], "a.npz > /x.npy: the name leads out of the archive"),
    NPZCase(
      "an empty array file", [entry("x.npy", [])],
      "a.npz > x.npy: is not an .npy file (begins with nothing)"),
    NPZCase(
      "an array of objects", [entry("x.npy", npy(header("|O"), [0x80, 4]))],
      "a.npz > x.npy: holds Python objects ('|O'), not numbers that a model takes"),
    NPZCase(
      "an array beyond all memory",
      [entry("x.npy", npy(header(shape: "(4294967296, 4294967296)")))],
      "a.npz > x.npy: has the shape [4294967296, 4294967296], whose size is beyond all memory"),
    NPZCase(
      "another compression", [entry("x.npy") { $0.method = 12 }],
      "a.npz > x.npy: compression method 12 is not supported (allowed: stored, deflated)"),
    NPZCase(
      "a size beyond the file", [entry("x.npy") { $0.size = 1 << 31 }],
      "a.npz > x.npy: it is stored, but has 72 bytes for a size of 2147483648"),
    NPZCase(
      "compressed to less than its size",
      [
        entry("x.npy", [0x63, 0, 0]) {
          $0.method = 8
          $0.size = 100
        }
      ], "a.npz > x.npy: it cannot be read: CRC error"),
    NPZCase(
      "half of the file", Array(StoredZip([entry("x.npy")]).bytes.prefix(70)),
      "a.npz: has no end record: it is cut off, or not a zip archive"),
    NPZCase(
      "no local record", Array(StoredZip([entry("x.npy")]).bytes.dropFirst(4)),
      "a.npz: is not a zip archive (begins with 0x14)"),
    NPZCase(
      "a pickle", [0x80, 4, 0x95, 0, 0, 0, 0, 0, 0, 0, 0],
      "a.npz: is not a zip archive (begins with 0x950480)"),
  ]

  @Test(arguments: problems)
  func refuses(_ problem: NPZCase) {
    let path = folder.file("a.npz", problem.bytes)
    #expect(thrownText(in: folder) { _ = try NPZ.read(path) } == problem.message)
  }

  /// Archives with a few bytes changed are read or refused.
  @Test func mutations() {
    let bytes = StoredZip([entry("x.npy"), entry("y.npy")]).bytes
    var oddities: [String] = []
    let result = Mutations(of: bytes, cuts: true).forEach(1000) { variant in
      let path = folder.file("a.npz", variant)
      return Mutations.succeeds(&oddities) { _ = try NPZ.read(path) }
    }
    #expect(oddities == [])
    #expect(result.refused > 500)
  }
}
