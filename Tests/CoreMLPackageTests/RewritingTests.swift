// SPDX-License-Identifier: Apache-2.0
import CoreMLPackage
import Testing

@Suite struct RewritingTests {
  @Test func thereArePackages() {
    #expect(recordedPackages.count >= 10)
  }

  @Test(arguments: recordedPackages)
  func losesNothing(_ path: String) throws {
    let scratch = Scratch()
    let package = try ModelPackage(contentsOf: path)
    try package.write(to: scratch("out.mlpackage"))
    let (before, after) = (
      try ModelText(path).lines(), try ModelText(scratch("out.mlpackage")).lines()
    )
    let difference = zip(before, after).first { $0 != $1 }
    #expect(difference == nil)
    #expect(before.count == after.count)
    // Files beside the model that the package carries.
    let inner = { (name: String) in name.hasPrefix("Data/com.apple.CoreML/") }
    let (old, new) = (tree(path), tree(scratch("out.mlpackage")))
    #expect(
      old.filter { !inner($0.key) && $0.key != "Manifest.json" }
        == new.filter { !inner($0.key) && $0.key != "Manifest.json" })
  }

  @Test(arguments: recordedPackages)
  func isByteIdentical(_ path: String) throws {
    let scratch = Scratch()
    try ModelPackage(contentsOf: path).write(to: scratch("a.mlpackage"))
    try ModelPackage(contentsOf: path).write(to: scratch("other.mlpackage"))
    try ModelPackage(contentsOf: scratch("a.mlpackage")).write(to: scratch("again.mlpackage"))
    let first = tree(scratch("a.mlpackage"))
    #expect(first.count >= 2)
    #expect(first == tree(scratch("other.mlpackage")))
    #expect(first == tree(scratch("again.mlpackage")))
  }
}
