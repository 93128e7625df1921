// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelPackKit

struct Validate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares a package with what it was made from.",
    discussion: """
      Runs the source in float32, without compression, and the package on the same inputs, and \
      compares every output and, for models with states, every state after the last step. The \
      error is the largest difference over the range of the expected output. The exit status is \
      1 if one is past the tolerance.

      Inputs are random (from a seed, within what the model allows), or from npz files, or from \
      folders test_data_set_N as ONNX models come with, whose recorded outputs are then used. \
      --against may also be npz files of recorded outputs, one for each --inputs.

      EXAMPLES:
        modelpack validate model.mlpackage --against model.pt2
        modelpack validate decoder.mlpackage --against decoder.pt2 --steps 16
        modelpack validate model.mlpackage --against model.onnx --inputs test_data_set_0
        modelpack validate model.mlpackage --against expected.npz --inputs given.npz
      """)

  @Argument(help: "The .mlpackage.", completion: .directory)
  var package: String

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp("What the package was made from.", valueName: "source"),
    completion: .file(extensions: ["pt2", "onnx", "npz"]))
  var against: [String]

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp(
      "Inputs by name, or a test_data_set_N; repeat it for further steps on one state.",
      valueName: "a.npz"),
    completion: .file(extensions: ["npz"]))
  var inputs: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Steps with random inputs on one state (default: 4 for models with states, else 1).",
      valueName: "n"))
  var steps: Int?

  @Option(name: .long, help: ArgumentHelp("The seed of random inputs.", valueName: "n"))
  var seed: UInt64 = 0

  @Option(
    name: .long, help: ArgumentHelp("The largest error over the range that passes.", valueName: "x")
  )
  var tolerance = 0.02

  @Option(name: .long, help: ArgumentHelp("The function to compare.", valueName: "name"))
  var function: String?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let steps, steps < 1 { throw ValidationError("--steps must be 1 or more.") }
    if steps != nil && !inputs.isEmpty {
      throw ValidationError("--steps goes with random inputs; repeat --inputs instead.")
    }
    if !(tolerance >= 0) { throw ValidationError("--tolerance must be 0 or more.") }
  }

  func run() throws {
    var request = ValidationRequest(package: package, against: against)
    request.function = function
    request.inputs = inputs
    request.seed = seed
    request.steps = steps
    request.tolerance = tolerance
    let progress = Progress(common)
    let validation = try ModelPack.validate(request) { done, total in
      progress.show("comparing", done, of: total)
    }
    progress.finish()
    print(common.json ? validation.document : listing(validation), terminator: "")
    if !validation.passed { throw ExitCode(1) }
  }

  private func listing(_ validation: Validation) -> String {
    var table = Table(.left, .right, .right, .right, .right, .left)
    table.add("", "largest error", "of range", "SNR", "top agrees", "")
    for output in validation.outputs {
      let name = output.isState ? "state \(output.name)" : output.name
      guard let comparison = output.comparison else {
        table.add(name, "", "", "", "", "FAILED: \(output.problem ?? "")")
        continue
      }
      table.add(
        name, Format.scientific(comparison.largestError),
        Format.scientific(comparison.relativeError), Format.fixed(comparison.decibels, 1) + " dB",
        comparison.topAgreement.map { Format.fixed($0 * 100, 1) + " %" } ?? "-",
        output.passed ? "ok" : "FAILED\(output.problem.map { ": \($0)" } ?? "")")
    }
    let steps = Format.count(validation.steps, "step")
    let verdict = validation.passed ? "within" : "NOT within"
    return table.text
      + "\(verdict) the tolerance of \(Format.scientific(validation.tolerance)) in \(steps)\n"
  }
}
