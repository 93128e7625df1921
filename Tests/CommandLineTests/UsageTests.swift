// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// A command line that fails: its exit code and all that it says.
struct FailingCase: Sendable, CustomTestStringConvertible {
  var arguments: [String]
  var code: Int32
  var errors: String
  var testDescription: String { arguments.joined(separator: " ") }

  init(_ arguments: String..., code: Int32, _ errors: String) {
    self.arguments = arguments
    self.code = code
    self.errors = errors
  }
}

@Suite struct UsageTests {
  let tool = Tool()

  @Test(arguments: ["convert", "quantize", "inspect", "check", "run", "validate"])
  func helpTeachesByExample(_ command: String) {
    let help = tool(command, "--help")
    #expect(help.code == 0)
    #expect(help.errors.isEmpty)
    #expect(help.output.contains("EXAMPLES:\n  modelpack \(command) "))
    for option in ["--json", "--quiet", "--verbose", "--help"] {
      #expect(help.output.contains(option))
    }
    let usesOutput = ["convert", "quantize", "run", "inspect"].contains(command)
    #expect(help.output.contains("--overwrite") == usesOutput)
    #expect(
      help.output.split(separator: "\n").allSatisfy { $0.count <= 80 || $0.contains("USAGE") })
  }

  @Test func versionAndOverview() {
    #expect(tool("--version").output == "0.1.0\n")
    let overview = tool()
    #expect(overview.code == 0)
    #expect(overview.output.contains("EXIT STATUS:"))
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func completions(_ shell: String) {
    let script = tool("--generate-completion-script", shell)
    #expect(script.code == 0)
    #expect(script.output.contains("modelpack"))
    #expect(script.output.contains("validate"))
  }

  @Test(arguments: [
    FailingCase(
      "inspekt", "a", code: 64,
      """
      Error: 2 unexpected arguments: 'inspekt', 'a'
      Usage: modelpack <subcommand>
        See 'modelpack --help' for more information.

      """),
    FailingCase(
      "inspect", code: 64,
      """
      Error: Missing expected argument '<package>'
      Help:  <package>  The .mlpackage.
      Usage: modelpack inspect <package> [--operations] [--weights] [--mil] [--report <file.html>] [--overwrite] [--json] [--quiet] [--verbose]
        See 'modelpack inspect --help' for more information.

      """),
    FailingCase(
      "inspect", "nowhere.mlpackage", code: 66,
      "error: nowhere.mlpackage: cannot open: No such file or directory\n"),
    FailingCase(
      "convert", "model.txt", "-o", "a.mlpackage", code: 64,
      """
      error: model.txt: is neither a .pt2 nor an .onnx file
        fix: export the model with torch.export.save(program, 'model.pt2'), or to ONNX

      """),
    FailingCase(
      "convert", "nowhere.pt2", "-o", "a.mlpackage", code: 66,
      "error: nowhere.pt2: cannot open: No such file or directory\n"),
    FailingCase(
      "check", "a.mlpackage", "--target", "iOS19", code: 64,
      """
      error: there is no target 'iOS19'
        note: targets: iOS15, macOS12, watchOS8, tvOS15, iOS16, macOS13, watchOS9, tvOS16, iOS17, \
      macOS14, watchOS10, tvOS17, visionOS1, iOS18, macOS15, watchOS11, tvOS18, visionOS2, iOS26, \
      macOS26, watchOS26, tvOS26, visionOS26
        fix: did you mean 'iOS15'?

      """),
  ])
  func saysWhatIsWrong(_ failing: FailingCase) {
    let result = tool.run(failing.arguments)
    #expect(result.code == failing.code)
    #expect(result.errors == failing.errors)
    #expect(result.output.isEmpty)
    #expect(tool.folder.names.isEmpty)
  }

  @Test(arguments: [
    (["inspect", "a", "--quiet", "--verbose"], "--quiet and --verbose exclude each other."),
    (
      ["convert", "a", "-o", "b", "--no-states", "--state", "x"],
      "--state and --no-states exclude each other."
    ),
    (
      ["convert", "a", "-o", "b", "--block", "32"],
      "--block and --per-channel go with --int4 or --int8."
    ),
    (
      ["quantize", "a", "-o", "b"],
      "Give --int4, --int8, --uint4, --uint8, --palette BITS, --sparse SHARE, --target-bits BITS, "
        + "--target-size SIZE or --config FILE.yaml."
    ),
    (
      ["quantize", "a", "-o", "b", "--target-bits", "4", "--int8"],
      "--target-bits and --target-size choose themselves how weights are compressed; only --config "
        + "may do so for some."
    ),
    (
      ["quantize", "a", "-o", "b", "--target-bits", "4", "--target-size", "1MB"],
      "--target-bits and --target-size exclude each other."
    ),
    (
      ["quantize", "a", "-o", "b", "--target-bits", "0"], "--target-bits must be more than 0."
    ),
    (
      ["quantize", "a", "-o", "b", "--int4", "--chosen", "c.yaml"],
      "--target-family and --chosen need --target-bits or --target-size."
    ),
    (["quantize", "a", "-o", "b", "--int4", "--block", "0"], "--block must be 1 or more."),
    (
      ["quantize", "a", "-o", "b", "--int4", "--block", "8", "--per-tensor"],
      "--block, --per-channel and --per-tensor exclude each other."
    ),
    (["validate", "a", "--against", "b", "--steps", "0"], "--steps must be 1 or more."),
    (["validate", "a", "--against", "b", "--tolerance=-1"], "--tolerance must be 0 or more."),
    (["run", "a", "--input", "x"], "--input is NAME=FILE.npy, not 'x'."),
  ])
  func refusesContradictions(_ arguments: [String], _ message: String) {
    let result = tool.run(arguments)
    #expect(result.code == 64)
    #expect(result.errors.hasPrefix("Error: \(message)\n"), "\(result.errors)")
  }

  @Test func failuresAreDocumentsToo() {
    for arguments in [
      ["inspect", "nowhere", "--json"], ["inspect", "--json"],
      ["inspect", "a", "--json", "--mil"],
      ["check", "a", "--target", "iOS19", "--json"],
    ] {
      let result = tool.run(arguments)
      #expect(result.errors.isEmpty)
      #expect(SchemaCheck.problems(result.output, "diagnostics") == [])
      #expect(result.output.contains("\"exitCode\": \(result.code)"))
    }
  }
}
