// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

@Suite struct CheckTests {
  let tool = Tool()

  @Test func listsEverything() {
    let package = Fixture.path("packages/accumulator-iOS18.mlpackage")
    let fine = tool("check", package, "--target", "macos 15")
    #expect(fine.code == 0)
    #expect(fine.output.isEmpty)
    #expect(fine.errors == "\(package): macOS15 runs it\n")
    let wrong = tool("check", package, "--target", "iOS17")
    #expect(wrong.code == 1)
    for text in ["specification version 9", "'read_state'", "'write_state'"] {
      #expect(wrong.output.contains(text), "\(text) in \(wrong.output)")
    }
    #expect(wrong.errors.hasSuffix(" problems for iOS17\n"))
  }

  @Test func documentFitsItsSchema() {
    let package = Fixture.path("packages/accumulator-iOS18.mlpackage")
    for target in ["iOS16", "iOS26"] {
      let result = tool("check", package, "--target", target, "--json")
      #expect(result.code == (target == "iOS16" ? 1 : 0))
      #expect(SchemaCheck.problems(result.output, "check") == [])
      #expect(result.errors.isEmpty)
    }
  }
}
