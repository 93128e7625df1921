// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelPackKit

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists what a target cannot express.",
    discussion: """
      Every operation, type and feature of the package that the target does not have, all at \
      once, with where it comes from. The exit status is 1 if there is any.

      EXAMPLES:
        modelpack check model.mlpackage --target iOS17
        modelpack check model.mlpackage --target macOS14 --json
      """)

  @Argument(help: "The .mlpackage.", completion: .directory)
  var package: String

  @Option(
    name: .long, help: "The oldest system to run on: iOS15 to iOS26, macOS12 to macOS26, …",
    completion: .list(ModelPack.targets))
  var target: String

  @OptionGroup var common: CommonOptions

  func run() throws {
    let target = try ModelPack.canonicalTarget(target)
    let problems = try ModelPack.check(package, target: target)
    if common.json {
      print(CheckDocument.text(package, target, problems), terminator: "")
    } else {
      for problem in problems { print(problem) }
      if problems.isEmpty {
        common.say("\(package): \(target) runs it")
      } else {
        common.say("\(package): \(Format.count(problems.count, "problem")) for \(target)")
      }
    }
    if !problems.isEmpty { throw ExitCode(1) }
  }
}
