// SPDX-License-Identifier: Apache-2.0
import ONNXFrontend
import Testing

@Suite struct CoverageTests {
  /// `docs/onnx-coverage.md` ends in the table that the rows give.
  @Test func theTableIsThatOfTheRows() throws {
    let page = try repositoryText("docs/onnx-coverage.md")
    let table = page.split(separator: "\n").filter { $0.hasPrefix("|") }
    let expected = ONNXLowering.coverageTable.split(separator: "\n")
    for line in expected where !table.contains(line) { Issue.record("docs lack: \(line)") }
    for line in table where !expected.contains(line) { Issue.record("docs have too much: \(line)") }
  }

  @Test func noOperatorHasTwoRowsOfOneVersion() {
    let keys = ONNXLowering.all.map { "\($0.domain):\($0.opType):\($0.since)" }
    #expect(Set(keys).count == keys.count)
  }
}
