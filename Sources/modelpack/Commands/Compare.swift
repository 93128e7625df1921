// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelPackKit

struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compares the weights of two packages of one model.",
    discussion: """
      Every weight of the second package against that of the first, compressed ones by the values \
      that they stand for: the signal-to-noise ratio in decibels, the largest difference of an \
      element, and that over the range of the weight. Weights are matched by name, then by the \
      operation that uses them. The ten worst are shown, all of them with --verbose.

      With --tolerance or --min-snr the exit status is 1 if a weight is past it, or is only in \
      one of the packages.

      EXAMPLES:
        modelpack compare model.mlpackage small.mlpackage
        modelpack compare model.mlpackage small.mlpackage --min-snr 20
        modelpack compare model.mlpackage other.mlpackage --tolerance 0
        modelpack compare model.mlpackage small.mlpackage --json | jq .worst
      """)

  @Argument(help: "The .mlpackage that is right.", completion: .directory)
  var first: String

  @Argument(help: "The .mlpackage to hold against it.", completion: .directory)
  var second: String

  @Option(
    name: .long,
    help: ArgumentHelp("The largest error over the range that passes.", valueName: "x"))
  var tolerance: Double?

  @Option(
    name: .customLong("min-snr"),
    help: ArgumentHelp("The least signal-to-noise ratio that passes.", valueName: "decibels"))
  var leastDecibels: Double?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if let tolerance, !(tolerance >= 0) {
      throw ValidationError("--tolerance must be 0 or more.")
    }
    if let leastDecibels, leastDecibels.isNaN { throw ValidationError("--min-snr is no number.") }
  }

  func run() throws {
    let comparison = try ModelPack.compare(first, second)
    let decides = tolerance != nil || leastDecibels != nil
    let passed = !decides || comparison.isWithin(relativeError: tolerance, decibels: leastDecibels)
    if common.json {
      print(
        comparison.document(first: first, second: second, passed: passed), terminator: "")
    } else {
      print(listing(comparison), terminator: "")
    }
    if !passed { throw ExitCode(1) }
  }

  private func listing(_ comparison: WeightComparison) -> String {
    let shown = common.verbose ? comparison.weights : comparison.worst()
    var text = ""
    if !shown.isEmpty {
      var table = Table(.left, .right, .right, .right, .left, .left)
      table.add("", "SNR", "largest error", "of range", "stored as", "used by")
      for weight in shown {
        let schemes = weight.compression
        table.add(
          weight.name, Self.decibels(weight.decibels), Format.scientific(weight.largestError),
          Format.scientific(weight.relativeError),
          schemes.first == schemes.second || schemes.first == "none"
            ? schemes.second : "\(schemes.second), was \(schemes.first)",
          weight.uses.text)
      }
      text += table.text
    }
    for (missing, package) in [
      (comparison.onlyInFirst, first), (comparison.onlyInSecond, second),
    ] {
      for weight in missing {
        let shape = weight.shape.map(String.init).joined(separator: ", ")
        text += "only in \(package): \(weight.name) [\(shape)]\n"
      }
    }
    let equal = comparison.weights.count { $0.largestError == 0 }
    return text
      + "\(Format.count(comparison.weights.count, "weight")) compared, \(equal) equal, "
      + "\(Self.decibels(comparison.decibels)) over all, largest error "
      + "\(Format.scientific(comparison.relativeError)) of the range\n"
  }

  private static func decibels(_ value: Double) -> String {
    value == .infinity ? "equal" : Format.fixed(value, 1) + " dB"
  }
}
