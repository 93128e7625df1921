// SPDX-License-Identifier: Apache-2.0
import CoreMLPackage
import Diagnostics
import MIL
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The verifier has nothing against what coremltools writes, nor has its own target.
@Suite struct VerifiedPackageTests {
  /// The packages of `Fixtures/packages` that have weights: git keeps no empty folder, so that the
  /// others are not whole in a clone.
  static let packages: [String] = {
    var root = #filePath[...]
    while !root.isEmpty, !root.hasSuffix("/Tests/") { root = root.dropLast() }
    let folder = root.dropLast("Tests/".count) + "Fixtures/packages"
    return names(in: String(folder)).filter { $0.hasSuffix(".mlpackage") }.sorted()
      .map { folder + "/" + $0 }
      .filter { access($0 + "/Data/com.apple.CoreML/weights", R_OK) == 0 }
  }()

  private static func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        })
    }
    return names
  }

  @Test func packagesAreThere() {
    #expect(Self.packages.count > 20)
  }

  @Test(arguments: packages) func isSound(_ path: String) throws {
    let package = try ModelPackage(contentsOf: path)
    #expect(package.program.verify().map(\.description) == [])
    let opset = package.program.functions.map(\.opset).max() ?? .iOS15
    #expect(violations(of: package.program, for: opset).map(\.description) == [])
  }
}
