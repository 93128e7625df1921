// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct OutputTransactionTests {
  private let scratch = Scratch()
  private var target: String { scratch.path + "/out" }

  private func write(_ text: String, to path: String) {
    _ = run("printf %s '\(text)' > '\(path)'")
  }

  private func content(_ path: String) -> String? {
    (try? FileContent.read(path, limit: 1000)).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func aFileAppearsWhenCommitted() throws {
    let output = try OutputTransaction(path: target, kind: .file)
    write("new", to: output.temporaryPath)
    #expect(!scratch.names.contains("out"))
    try output.commit()
    #expect(scratch.names == ["out"] && content(target) == "new")
  }

  @Test func aDirectoryAppearsWhenCommitted() throws {
    let output = try OutputTransaction(path: target + "/", kind: .directory)
    _ = run("mkdir '\(output.temporaryPath)/sub'")
    write("new", to: output.temporaryPath + "/sub/file")
    #expect(!scratch.names.contains("out"))
    try output.commit()
    #expect(scratch.names == ["out"] && content(target + "/sub/file") == "new")
  }

  @Test func nothingIsLeftWithoutCommit() throws {
    do {
      let output = try OutputTransaction(path: target, kind: .directory)
      write("new", to: output.temporaryPath + "/file")
    }
    #expect(scratch.names == [])
  }

  @Test func theTemporaryNameTellsWhoseItIs() throws {
    let output = try OutputTransaction(path: target, kind: .file)
    let name = try #require(scratch.names.first)
    #expect(name.hasPrefix(".out.modelpack-\(getpid())-") && name.hasSuffix(".tmp"))
    #expect(output.path == target)
  }

  @Test func anExistingOutputIsRefused() throws {
    write("old", to: target)
    #expect(
      thrown { _ = try OutputTransaction(path: target, kind: .file) }
        == "output-exists: \(target): exists already")
    #expect(scratch.names == ["out"] && content(target) == "old")
  }

  @Test func anOutputThatAppearsMeanwhileIsRefused() throws {
    let output = try OutputTransaction(path: target, kind: .file)
    write("new", to: output.temporaryPath)
    write("theirs", to: target)
    #expect(thrown { try output.commit() } == "output-exists: \(target): exists already")
    #expect(content(target) == "theirs")
  }

  @Test func anExistingFileIsReplaced() throws {
    write("old", to: target)
    let output = try OutputTransaction(path: target, kind: .file, overwrite: true)
    write("new", to: output.temporaryPath)
    #expect(content(target) == "old")
    try output.commit()
    #expect(scratch.names == ["out"] && content(target) == "new")
  }

  @Test func anExistingDirectoryIsReplacedWhole() throws {
    _ = run("mkdir '\(target)' && touch '\(target)/Manifest.json' '\(target)/stale'")
    let output = try OutputTransaction(
      path: target, kind: .directory, overwrite: true, marker: "Manifest.json")
    write("new", to: output.temporaryPath + "/Manifest.json")
    try output.commit()
    #expect(scratch.names == ["out"] && scratch.list(target) == ["Manifest.json"])
  }

  @Test func overwriteNeedsNothingToBeThere() throws {
    let output = try OutputTransaction(path: target, kind: .directory, overwrite: true)
    try output.commit()
    #expect(scratch.names == ["out"])
  }

  @Test func aDirectoryThatIsNoOutputIsNotReplaced() throws {
    _ = run("mkdir '\(target)' && touch '\(target)/photo'")
    #expect(
      thrown {
        _ = try OutputTransaction(
          path: target, kind: .directory, overwrite: true, marker: "Manifest.json")
      }
        == "cannot-write: \(target): is a folder without 'Manifest.json', not an earlier output, "
        + "and is not replaced")
    #expect(scratch.list(target) == ["photo"])
  }

  @Test func unusablePathsAreRefused() throws {
    write("", to: scratch.path + "/file")
    _ = run("cd '\(scratch.path)' && mkdir folder && ln -s nowhere link")
    let path = scratch.path
    func refused(_ path: String, _ kind: OutputTransaction.Kind, _ message: String) {
      #expect(
        thrown { _ = try OutputTransaction(path: path, kind: kind, overwrite: true) }
          == "cannot-write: \(path): \(message)")
    }
    refused(path + "/no/out", .file, "the folder '\(path)/no' does not exist")
    refused(path + "/file/out", .file, "'\(path)/file' is not a folder")
    refused(path + "/link", .file, "is a symbolic link")
    refused(path + "/link", .directory, "is a symbolic link")
    refused(path + "/folder", .file, "is a folder, not a file")
    refused(path + "/file", .directory, "is not a folder")
    refused(path + "/..", .directory, "is not the name of an output")
    #expect(scratch.names == ["file", "folder", "link"])
  }

  @Test(.enabled(if: getuid() != 0)) func aFolderWithoutPermissionIsRefused() {
    _ = run("chmod 555 '\(scratch.path)'")
    #expect(
      thrown { _ = try OutputTransaction(path: target, kind: .file) }
        == "cannot-write: \(target): the folder '\(scratch.path)' cannot be written to: "
        + "Permission denied")
    _ = run("chmod 755 '\(scratch.path)'")
  }

  /// What a killed process left: its process number may belong to another process by now.
  @Test func abandonedTemporariesAreCleared() throws {
    for name in [".out.modelpack-\(getpid())-900000.tmp", ".out.modelpack-1-1.tmp"] {
      _ = run("mkdir -p '\(scratch.path)/\(name)/out' && touch '\(scratch.path)/\(name)/out/part'")
    }
    _ = run("mkdir '\(scratch.path)/.other.modelpack-1-1.tmp'")
    let output = try OutputTransaction(path: target, kind: .directory)
    #expect(scratch.names.filter { $0.hasPrefix(".out") }.count == 1)
    try output.commit()
    #expect(scratch.names == [".other.modelpack-1-1.tmp", "out"])
  }

  @Test func temporariesInUseAreKept() throws {
    let first = try OutputTransaction(path: target, kind: .file, overwrite: true)
    let second = try OutputTransaction(path: target, kind: .file, overwrite: true)
    write("1", to: first.temporaryPath)
    write("2", to: second.temporaryPath)
    try second.commit()
    try first.commit()
    #expect(scratch.names == ["out"] && content(target) == "1")
  }

  /// A process that ended between moving the old output aside and putting the new one in place.
  @Test func anOutputMovedAsideComesBack() throws {
    let left = scratch.path + "/.out.modelpack-1-1.tmp"
    _ = run("mkdir '\(left)'")
    write("old", to: left + "/replaced-out")
    #expect(
      thrown { _ = try OutputTransaction(path: target, kind: .file) }
        == "output-exists: \(target): exists already")
    #expect(scratch.names == ["out"] && content(target) == "old")
  }

  @Test func committingTwiceIsAnError() throws {
    let output = try OutputTransaction(path: target, kind: .file)
    write("new", to: output.temporaryPath)
    try output.commit()
    #expect(
      thrown { try output.commit() }.hasPrefix(
        "cannot-write: \(output.temporaryPath): was not written"))
    #expect(content(target) == "new")
  }

  @Test func aFileThatWasNeverWrittenIsAnError() throws {
    let output = try OutputTransaction(path: target, kind: .file)
    #expect(
      thrown { try output.commit() }
        == "cannot-write: \(output.temporaryPath): was not written: No such file or directory")
  }
}

@Suite struct FileContentTests {
  private let scratch = Scratch()

  @Test func readsUpToTheLimit() throws {
    let path = scratch.file("f", [1, 2, 3])
    #expect(try FileContent.read(path, limit: 3) == [1, 2, 3])
    #expect(
      thrown { _ = try FileContent.read(path, limit: 2) }
        == "malformed-input: \(path): has 3 bytes (at most 2 expected)")
    #expect(try FileContent.read(scratch.file("empty", []), limit: 0) == [])
  }

  @Test func onlyRegularFiles() {
    _ = run("mkfifo '\(scratch.path)/pipe'")
    for path in [scratch.path, scratch.path + "/pipe", "/dev/zero"] {
      #expect(
        thrown { _ = try FileContent.read(path, limit: 10) }
          == "malformed-input: \(path): is not a regular file")
    }
  }
}
