// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import TestSupport
import Testing
import TorchFrontend

/// Files with exactly one defect each, and what is said of them.
@Suite struct MalformedArchiveTests {
  @Test func thereAreEnough() {
    let names = (ArchiveDefects.all + ContentDefects.all).map(\.name)
    #expect(names.count >= 60)
    #expect(Set(names).count == names.count)
  }

  @Test(.timeLimit(.minutes(1)), arguments: ArchiveDefects.all + ContentDefects.all)
  func isReported(_ defect: Defect) throws {
    let folder = ScratchFolder()
    let path = folder.file("x.pt2", try defect.bytes())
    let text = thrownText(in: folder) {
      _ = try TorchProgram(path: path).lower(TorchOptions(opset: .iOS18))
    }
    #expect(text == "\(defect.code.name): \(defect.message)")
  }

  /// Without a defect the file converts: what the others report is their defect.
  @Test func theOriginalIsSound() throws {
    let folder = ScratchFolder()
    let path = folder.file("x.pt2", Archive.whole.bytes)
    _ = try TorchProgram(path: path).lower(TorchOptions(opset: .iOS18))
  }

  /// A file that ends anywhere is refused: nothing is read beyond the end.
  @Test func everyTruncationIsRefused() throws {
    let whole = Archive.whole.bytes
    let folder = ScratchFolder()
    for length in stride(from: 0, to: whole.count, by: 97) {
      let path = folder.file("x.pt2", Array(whole.prefix(length)))
      let text = thrownText { _ = try TorchProgram(path: path) }
      #expect(text.hasPrefix("malformed-input: "), "\(length) bytes: \(text)")
    }
  }
}
