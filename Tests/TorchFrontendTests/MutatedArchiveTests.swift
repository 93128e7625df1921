// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import TestSupport
import Testing
import TorchFrontend

/// Archives with a few bytes changed are converted or refused.
@Suite struct MutatedArchiveTests {
  /// The bytes of the archive, where nearly every change is found by a checksum.
  @Test(.timeLimit(.minutes(2))) func bytesOfTheArchive() {
    check(Mutations(of: Archive.whole.bytes, cuts: true), 200) { $0 }
  }

  /// The entries of an archive that is sound.
  @Test(
    .timeLimit(.minutes(2)),
    arguments: [
      ("models/model.json", 500), ("data/weights/model_weights_config.json", 200),
    ])
  func entries(_ name: String, _ count: Int) throws {
    let place = try #require(
      Archive.whole.zip.entries.firstIndex { $0.name.hasSuffix("/" + name) })
    let content = Archive.whole.zip.entries[place].content
    check(Mutations(of: content, words: Mutations.wordsOfJSON, cuts: true), count) { variant in
      var zip = Archive.whole.zip
      zip.entries[place].content = variant
      return zip.bytes
    }
  }

  private func check(
    _ mutations: Mutations, _ count: Int, _ archive: ([UInt8]) -> [UInt8]
  ) {
    let folder = ScratchFolder()
    var oddities: [String] = []
    let result = mutations.forEach(count) { variant in
      let path = folder.file("x.pt2", archive(variant))
      return Mutations.succeeds(&oddities) {
        _ = try TorchProgram(path: path).lower(TorchOptions(opset: .iOS18))
      }
    }
    // A shape that the operators do not give may as well be a defect of a lowering.
    #expect(oddities.filter { !$0.contains(": lowered to ") } == [])
    #expect(result.refused > count / 10)
  }
}
