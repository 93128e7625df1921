// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Testing

@Suite struct ZipArchiveTests {
  @Test func readsStoredEntries() throws {
    let scratch = Scratch()
    let bytes = ZipBuilder(.init("a/b", "hello"), .init("c", "")).bytes()
    let path = scratch.file("a.zip", bytes)
    let archive = try ZipArchive(path: path)
    #expect(archive.entries.map(\.name) == ["a/b", "c"])
    let entry = try #require(archive["a/b"])
    #expect(entry.size == 5 && entry.compressedSize == 5 && entry.method == .stored)
    let range = try #require(entry.storedRange)
    #expect(String(decoding: bytes[range], as: UTF8.self) == "hello")
    #expect(try archive.read("a/b", limit: 5) == Array("hello".utf8))
    #expect(try archive.read("c", limit: 0) == [])
    #expect(archive["a"] == nil)
  }

  /// `b` twenty times, deflated.
  @Test func readsDeflatedEntries() throws {
    let scratch = Scratch()
    var entry = ZipBuilder.Entry("a")
    entry.method = 8
    entry.content = hex("4b4ac20400")
    entry.size = 20
    entry.crc = ZipBuilder.crc32([UInt8](repeating: 0x62, count: 20))
    let path = scratch.file("a.zip", ZipBuilder(entry).bytes())
    let archive = try ZipArchive(path: path)
    #expect(archive["a"]?.storedRange == nil && archive["a"]?.method == .deflated)
    #expect(try archive.read("a", limit: 20) == [UInt8](repeating: 0x62, count: 20))
  }

  @Test func readsSizesInZip64Fields() throws {
    let scratch = Scratch()
    var entry = ZipBuilder.Entry("a", "hello")
    entry.size = .max
    entry.compressedSize = .max
    entry.extra =
      ZipBuilder.u16(1) + ZipBuilder.u16(16) + ZipBuilder.u64(5) + ZipBuilder.u64(5)
    entry.localSize = 5
    let bytes = ZipBuilder(entry).bytes()
    // The local header holds the full 32 bits as well, for which no field stands there.
    let path = scratch.file("a.zip", Array(bytes[..<22]) + ZipBuilder.u32(5) + bytes[26...])
    #expect(try ZipArchive(path: path).read("a", limit: 5) == Array("hello".utf8))
  }

  @Test func readsAnArchiveWithAComment() throws {
    let scratch = Scratch()
    let archive = ZipBuilder(.init("a")).with { $0.comment = Array("PK a comment".utf8) }
    #expect(try ZipArchive(path: scratch.file("a.zip", archive.bytes())).entries.count == 1)
  }

  @Test func readsWhatItWrote() throws {
    let scratch = Scratch()
    let path = scratch.path + "/a.zip"
    let large = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let writer = try ZipWriter(path: path)
    try writer.add("weights/0", large)
    try writer.add("empty", [])
    var position = 0
    try writer.add("streamed", size: large.count) { buffer in
      let count = min(buffer.count, 1000, large.count - position)
      buffer.copyBytes(from: large[position..<(position + count)])
      position += count
      return count
    }
    try writer.commit()
    let archive = try ZipArchive(path: path)
    #expect(archive.entries.map(\.name) == ["weights/0", "empty", "streamed"])
    #expect(archive.entries.allSatisfy { $0.method == .stored })
    #expect(try archive.read("weights/0", limit: .max) == large)
    #expect(try archive.read("streamed", limit: .max) == large)
    let file = try FileContent.read(path, limit: .max)
    let range = try #require(archive["streamed"]?.storedRange)
    #expect(Array(file[range]) == large)
  }

  @Test func writesTheSameBytesAgain() throws {
    let scratch = Scratch()
    let files = try ["a.zip", "b.zip"].map { name in
      let writer = try ZipWriter(path: scratch.path + "/" + name)
      try writer.add("x", Array("hello".utf8))
      try writer.commit()
      _ = run("sleep 0.1")
      return try FileContent.read(scratch.path + "/" + name, limit: 1000)
    }
    #expect(files[0] == files[1])
    // 1980-01-01 00:00 in the local header.
    #expect(Array(files[0][10..<14]) == [0, 0, 0x21, 0])
  }

  @Test func aSourceThatEndsEarlyFailsTheArchive() throws {
    let scratch = Scratch()
    let writer = try ZipWriter(path: scratch.path + "/a.zip")
    try writer.add("x", size: 10) { _ in 0 }
    #expect(
      thrown { try writer.commit() }
        == "internal-error: an entry of 10 bytes was given 0")
    #expect(scratch.names == [])
  }

  @Test func aDroppedWriterLeavesNothing() throws {
    let scratch = Scratch()
    do {
      let writer = try ZipWriter(path: scratch.path + "/a.zip")
      try writer.add("x", [1])
    }
    #expect(scratch.names == [])
  }
}

/// Archives with exactly one defect each.
@Suite struct MalformedZipTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let message: String

    init(_ name: String, _ bytes: [UInt8], _ message: String) {
      testDescription = name
      self.bytes = bytes
      self.message = message
    }

    init(_ name: String, _ message: String, _ change: (inout ZipBuilder) -> Void) {
      self.init(name, sound.with(change).bytes(), message)
    }
  }

  /// Two entries: `a` of 37 + 1 bytes at 0, `b` at 38; directory at 76, end record at 170.
  private static let sound = ZipBuilder(.init("a"), .init("b"))

  static let cases: [Case] = [
    Case("empty file", [], "is not a zip archive (0 bytes)"),
    Case(
      "wrong magic", Array("hello, world".utf8), "is not a zip archive (begins with 0x6c6c6568)"),
    Case(
      "cut off in the end record", Array(sound.bytes().dropLast()),
      "has no end record: it is cut off, or not a zip archive"),
    Case(
      "cut off before the end record", Array(sound.bytes().dropLast(22)),
      "has no end record: it is cut off, or not a zip archive"),
    Case(
      "cut off in the directory", Array(sound.bytes().dropLast(40)),
      "has no end record: it is cut off, or not a zip archive"),
    Case(
      "cut off in the first entry", Array(sound.bytes()[..<20]),
      "has no end record: it is cut off, or not a zip archive"),
    Case("several disks", "is split over several files, which is not supported") { $0.disk = 1 },
    Case(
      "directory past the end",
      "the central directory (94 bytes at 77) does not lie before its end record at 170"
    ) { $0.directoryOffset = 77 },
    Case(
      "directory of 4 GiB",
      "the central directory (4294967294 bytes at 76) does not lie before its end record at 170"
    ) { $0.directorySize = .max - 1 },
    Case(
      "directory offset that is no record",
      "the record of entry 0 is missing from the central directory"
    ) {
      $0.directoryOffset = 75
    },
    Case("no directory magic", "the record of entry 0 is missing from the central directory") {
      $0.recordMagic = 0
    },
    Case("more entries than records", "the record of entry 2 is missing from the central directory")
    {
      $0.count = 3
    },
    Case(
      "fewer entries than records", "the central directory has 94 bytes, but its entries take 47"
    ) {
      $0.count = 1
    },
    Case("too many entries", "has 60000 entries (at most 1000)") { $0.count = 60000 },
    Case("name runs past the directory", "the record of entry 1 runs past the central directory") {
      $0.directorySize = 93
    },
    Case("two entries with one name", "b: two entries have this name") {
      $0.entries[0].name = Array("b".utf8)
    },
    Case("parent folder in a name", "../a: the name leads out of the archive") {
      $0.entries[0].name = Array("../a".utf8)
    },
    Case("parent folder inside a name", "x/../../a: the name leads out of the archive") {
      $0.entries[0].name = Array("x/../../a".utf8)
    },
    Case("absolute name", "/a: the name leads out of the archive") {
      $0.entries[0].name = Array("/a".utf8)
    },
    Case("backslash in a name", #"..\a: the name leads out of the archive"#) {
      $0.entries[0].name = Array(#"..\a"#.utf8)
    },
    Case("drive in a name", "C:a: the name leads out of the archive") {
      $0.entries[0].name = Array("C:a".utf8)
    },
    Case("NUL in a name", "the name of entry 0 holds a NUL byte") {
      $0.entries[0].name = [0x61, 0]
    },
    Case("no name", "entry 0 has no name") { $0.entries[0].name = [] },
    Case("name that is not UTF-8", "the name of entry 0 is not UTF-8") {
      $0.entries[0].name = [0xff]
    },
    Case("encrypted entry", "a: it is encrypted, which is not supported") {
      $0.entries[0].flags = 1
    },
    Case("stored entry with two sizes", "a: it is stored, but has 7 bytes for a size of 8") {
      $0.entries[0].size = 8
    },
    Case("entry outside the file", "a: its header at 4294967294 does not lie before the directory")
    {
      $0.entries[0].offset = .max - 1
    },
    Case(
      "entry that begins in the directory", "b: its header at 76 does not lie before the directory"
    ) {
      $0.entries[1].offset = 76
    },
    Case(
      "entry larger than the file",
      "b: its 4294967294 bytes at 69 do not lie before the directory"
    ) {
      $0.entries[1].size = .max - 1
      $0.entries[1].compressedSize = .max - 1
    },
    Case("entry that points at another", "b: its header at 0 has another name") {
      $0.entries[1].offset = 0
    },
    Case("no local header", "a: there is no header at 0") {
      $0.entries[0].localMagic = 0x0605_4b50
    },
    Case("another name in the header", "a: its header at 0 has another name") {
      $0.entries[0].localName = Array("c".utf8)
    },
    Case("another method in the header", "a: its header has compression method 8, the directory 0")
    {
      $0.entries[0].localMethod = 8
    },
    Case("another size in the header", "a: its header gives the size 6, the directory 7") {
      $0.entries[0].localSize = 6
    },
    Case("no zip64 field", "a: its zip64 field is missing") { $0.entries[0].size = .max },
    Case("short zip64 field", "a: its zip64 field is too short") {
      $0.entries[0].size = .max
      $0.entries[0].extra = ZipBuilder.u16(1) + ZipBuilder.u16(4) + ZipBuilder.u32(0)
    },
    Case("zip64 size of 2^63", "a: its zip64 field holds 9223372036854775808") {
      $0.entries[0].size = .max
      $0.entries[0].extra = ZipBuilder.u16(1) + ZipBuilder.u16(8) + ZipBuilder.u64(1 << 63)
    },
  ]

  @Test(arguments: cases) func isRefused(problem: Case) {
    let scratch = Scratch()
    let path = scratch.file("a.zip", problem.bytes)
    let text = thrown { _ = try ZipArchive(path: path, entryLimit: 1000) }
    // Defects of one entry begin with its name and a colon.
    let first = problem.message.prefix { $0 != " " }
    let separator = first.hasSuffix(":") ? " > " : ": "
    #expect(text == "malformed-input: \(path)\(separator)\(problem.message)")
  }

  @Test func overlappingEntriesAreRefused() {
    // Entry `b` inside the content of entry `a`.
    let inner = ZipBuilder(.init("b")).bytes().prefix(38)
    var outer = ZipBuilder.Entry("a")
    outer.content = Array(inner)
    var nested = ZipBuilder.Entry("b")
    nested.offset = 31
    let scratch = Scratch()
    let path = scratch.file("a.zip", ZipBuilder(outer, nested).bytes())
    #expect(
      thrown { _ = try ZipArchive(path: path) }
        == "malformed-input: \(path) > b: it overlaps 'a'")
  }

  @Test func aDamagedEntryIsRefusedWhenRead() throws {
    let scratch = Scratch()
    let path = scratch.file("a.zip", ZipBuilder(.init("a")).with { $0.entries[0].crc = 1 }.bytes())
    let archive = try ZipArchive(path: path)
    #expect(
      thrown { _ = try archive.read("a", limit: 100) }
        == "malformed-input: \(path) > a: it cannot be read: CRC error")
  }

  @Test func aBombIsRefusedByItsDeclaredSize() throws {
    let scratch = Scratch()
    var entry = ZipBuilder.Entry("a", "\u{3}\0")
    entry.method = 8
    entry.size = 4_000_000_000
    let path = scratch.file("a.zip", ZipBuilder(entry).bytes())
    let archive = try ZipArchive(path: path)
    #expect(
      thrown { _ = try archive.read("a", limit: 1_000_000) }
        == "malformed-input: \(path) > a: it has 4000000000 bytes (at most 1000000 expected)")
  }

  /// Twenty bytes behind a declared size of ten.
  @Test func aBombIsRefusedByItsContent() throws {
    let scratch = Scratch()
    var entry = ZipBuilder.Entry("a")
    entry.method = 8
    entry.content = hex("4b4ac20400")
    entry.size = 10
    entry.crc = ZipBuilder.crc32([UInt8](repeating: 0x62, count: 10))
    let path = scratch.file("a.zip", ZipBuilder(entry).bytes())
    let archive = try ZipArchive(path: path)
    #expect(
      thrown { _ = try archive.read("a", limit: 1000) }
        == "malformed-input: \(path) > a: its content is not 10 bytes as the directory says")
  }

  @Test func anUnknownMethodIsRefusedWhenRead() throws {
    let scratch = Scratch()
    let path = scratch.file(
      "a.zip", ZipBuilder(.init("a")).with { $0.entries[0].method = 97 }.bytes())
    let archive = try ZipArchive(path: path)
    #expect(
      thrown { _ = try archive.read("a", limit: 1000) }
        == "malformed-input: \(path) > a: compression method 97 is not supported "
        + "(allowed: stored, deflated)")
    #expect(
      thrown { _ = try archive.read("b", limit: 1000) }
        == "malformed-input: \(path): the entry 'b' is missing")
  }

  @Test func aMissingFileIsNamed() {
    #expect(
      thrown { _ = try ZipArchive(path: "/nonexistent/a.zip") }
        == "not-found: /nonexistent/a.zip: cannot be opened: No such file or directory")
    #expect(
      thrown { _ = try ZipArchive(path: "/tmp") } == "malformed-input: /tmp: is not a regular file")
  }
}
