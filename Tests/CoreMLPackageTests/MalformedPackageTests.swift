// SPDX-License-Identifier: Apache-2.0
import Containers
import CoreMLPackage
import Diagnostics
import Foundation
import ModelPackKit
import Testing

/// Packages with exactly one defect each, and what is said of them.
@Suite struct MalformedPackageTests {
  static let defects =
    FolderDefects.all + WeightDefects.all + WireDefects.all + DescriptionDefects.all
    + ProgramDefects.all

  @Test func thereAreEnough() {
    #expect(Self.defects.count >= 200)
    #expect(Set(Self.defects.map(\.name)).count == Self.defects.count)
  }

  @Test(.timeLimit(.minutes(1)), arguments: defects)
  func isReported(_ defect: Defect) throws {
    let scratch = Scratch()
    let path = scratch("x.mlpackage")
    var package = SpoiledPackage(defect.sample)
    try defect.spoil(&package)
    try package.write(to: path)
    let report = try #require(Self.failure { try Self.use(path) })
    let text = report.diagnostics.map(\.description).joined(separator: "\n")
      .replacingOccurrences(of: scratch.path + "/", with: "")
    #expect(text == defect.message)
    #expect(report.exitCode == defect.exitCode)
    #expect(scratch.names == ["x.mlpackage"])
  }

  /// Without a defect the packages run: what the others report is their defect.
  @Test(arguments: Set(defects.map(\.sample)))
  func theOriginalIsSound(_ sample: String) throws {
    let scratch = Scratch()
    try SpoiledPackage(sample).write(to: scratch("x.mlpackage"))
    try Self.use(scratch("x.mlpackage"))
  }

  /// A model that ends anywhere is refused: nothing is read beyond the end.
  @Test func everyCutOfTheModelIsRefused() throws {
    let scratch = Scratch()
    let path = scratch("x.mlpackage")
    let package = SpoiledPackage("accumulator-iOS18")
    try package.write(to: path)
    for count in package.model.indices {
      let cut = Data(package.model.prefix(count))
      try cut.write(to: URL(fileURLWithPath: path + "/" + SpoiledPackage.modelPath))
      let report = Self.failure { _ = try ModelPackage(contentsOf: path) }
      #expect(report?.exitCode == 65, "\(count) bytes")
    }
  }

  @Test func everyCutOfTheWeightsIsRefused() throws {
    let scratch = Scratch()
    let path = scratch("x.mlpackage")
    let package = SpoiledPackage("palette4-iOS18")
    try package.write(to: path)
    for count in stride(from: 0, to: package.weights.count, by: 7) {
      let cut = Data(package.weights.prefix(count))
      try cut.write(to: URL(fileURLWithPath: path + "/" + SpoiledPackage.weightsPath))
      let report = Self.failure { _ = try ModelPackage(contentsOf: path) }
      #expect(report?.exitCode == 65, "\(count) bytes")
    }
  }

  /// Loads a package and predicts with it.
  private static func use(_ path: String) throws {
    var request = RunRequest(package: path)
    request.randomSeed = 1
    _ = try ModelPack.run(request)
  }

  private static func failure(_ body: () throws -> Void) -> FailureReport? {
    do {
      try body()
      return nil
    } catch {
      return FailureReport(error)
    }
  }
}
