// SPDX-License-Identifier: Apache-2.0
import CoreMLPackage
import Diagnostics
import Foundation
import MIL
import TestSupport
import Testing

/// Packages with a few bytes changed are read or refused, and what is read can be checked, printed
/// and written.
@Suite struct MutatedPackageTests {
  @Test(
    .timeLimit(.minutes(2)),
    arguments: [
      ("accumulator-iOS18", SpoiledPackage.modelPath, 600, true),
      ("mlp-iOS16-float16", SpoiledPackage.modelPath, 600, true),
      ("sparse-palette-iOS18", SpoiledPackage.modelPath, 500, true),
      ("int4-block-iOS18", SpoiledPackage.weightsPath, 300, true),
      ("mlp-iOS16-float16", SpoiledPackage.manifestPath, 500, false),
    ])
  func isReadOrRefused(_ sample: String, _ file: String, _ count: Int, _ reads: Bool) throws {
    let scratch = Scratch()
    let path = scratch("x.mlpackage")
    let package = SpoiledPackage(sample)
    try package.write(to: path)
    let place = URL(fileURLWithPath: path + "/" + file)
    let bytes = try #require(package.files[file])
    let words = file == SpoiledPackage.manifestPath ? Mutations.wordsOfJSON : []
    var oddities: [String] = []
    let result = try Mutations(of: bytes, words: words, cuts: true).forEach(count) { variant in
      try Data(variant).write(to: place)
      return Mutations.succeeds(&oddities) {
        let package = try ModelPackage(contentsOf: path)
        _ = package.program.verify()
        _ = package.targetNeeds()
        _ = package.program.text
        try package.write(to: scratch("y.mlpackage"), overwrite: true)
      }
    }
    #expect(oddities == [])
    #expect(result.read > 0 && result.refused > count / 20)
    #expect(scratch.names.filter { $0 != "y.mlpackage" } == ["x.mlpackage"])
  }
}
