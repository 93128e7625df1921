// SPDX-License-Identifier: Apache-2.0
import CoreMLPackage
import Diagnostics
import Testing

@Suite struct DeploymentTargetTests {
  @Test(arguments: [
    ("iOS15", 6), ("ios16", 7), ("iOS 17", 8), ("iOS18", 9), ("iOS18.2", 9), ("iOS26", 10),
    ("macOS12", 6), ("macos15", 9), ("macOS_13", 7), ("watchOS8", 6), ("watchOS11", 9),
    ("tvOS15", 6), ("tvOS18", 9), ("visionOS1", 8), ("visionOS2", 9), ("visionOS26", 10),
  ])
  func parses(_ text: String, _ version: Int) throws {
    #expect(try DeploymentTarget(parsing: text).specificationVersion == version)
  }

  @Test(arguments: [
    ("iOS81", "did you mean 'iOS18'?"), ("OS18", "did you mean 'iOS18'?"),
    ("macSO15", "did you mean 'macOS15'?"), ("visonOS2", "did you mean 'visionOS2'?"),
    ("android", nil),
  ])
  func suggests(_ text: String, _ fix: String?) {
    let error = #expect(throws: Diagnostic.self) { try DeploymentTarget(parsing: text) }
    #expect(error?.message == "there is no target '\(text)'")
    #expect(error?.code == .usage)
    #expect(error?.remedy == fix)
  }

  @Test func namesAreDistinct() {
    #expect(Set(DeploymentTarget.all.map(\.name)).count == 23)
    #expect(DeploymentTarget(specificationVersion: 9)?.name == "iOS18")
    #expect(DeploymentTarget(specificationVersion: 5) == nil)
  }
}
