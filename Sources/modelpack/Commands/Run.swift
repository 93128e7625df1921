// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelPackKit

struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Runs predictions with a package.",
    discussion: """
      One prediction, or several in order on one state where --inputs and --outputs are repeated. \
      Arrays must have the types that the package declares; nothing is converted. Without \
      --outputs a summary of the outputs is printed.

      EXAMPLES:
        modelpack run model.mlpackage --inputs a.npz --outputs b.npz
        modelpack run decoder.mlpackage --inputs prefill.npz --outputs 0.npz \\
          --inputs step.npz --outputs 1.npz --state-out cache.npz
        modelpack run model.mlpackage --input image=image.npy
        modelpack run model.mlpackage --random-inputs 1
      """)

  @Argument(help: "The .mlpackage.", completion: .directory)
  var package: String

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp("Inputs by name; repeat it for further predictions.", valueName: "a.npz"),
    completion: .file(extensions: ["npz"]))
  var inputs: [String] = []

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp("Where the outputs go, once for each prediction.", valueName: "b.npz"),
    completion: .file(extensions: ["npz"]))
  var outputs: [String] = []

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp(
      "One input for all predictions; may be repeated.", valueName: "name=file.npy"),
    completion: .file(extensions: ["npy"]))
  var input: [String] = []

  @Option(name: .long, help: ArgumentHelp("The function to run.", valueName: "name"))
  var function: String?

  @Option(
    name: .long,
    help: ArgumentHelp("The states to begin with, instead of zeros.", valueName: "file.npz"),
    completion: .file(extensions: ["npz"]))
  var stateIn: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Where every state goes after the last prediction.", valueName: "file.npz"),
    completion: .file(extensions: ["npz"]))
  var stateOut: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Random values for the inputs that are not given.", valueName: "seed"))
  var randomInputs: UInt64?

  @OptionGroup var overwriting: OverwriteOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    var request = RunRequest(package: package)
    request.function = function
    request.inputs = inputs
    request.outputs = outputs
    request.namedInputs = try input.map(Self.named)
    request.randomSeed = randomInputs
    request.stateInput = stateIn
    request.stateOutput = stateOut
    request.overwrite = overwriting.overwrite
    let progress = Progress(common)
    let result = try ModelPack.run(request) { done, total in
      progress.show("running", done, of: total)
    }
    progress.finish()
    if common.json {
      print(result.document, terminator: "")
    } else if outputs.isEmpty || common.verbose {
      print(Self.listing(result), terminator: "")
    }
  }

  private static func named(_ text: String) throws -> (name: String, path: String) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw ValidationError("--input is NAME=FILE.npy, not '\(text)'.")
    }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }

  private static func listing(_ result: RunResult) -> String {
    var text = ""
    for (index, outputs) in result.predictions.enumerated() {
      if result.predictions.count > 1 { text += "prediction \(index)\n" }
      text += table(outputs)
    }
    if !result.states.isEmpty { text += "states\n" + table(result.states) }
    return text
  }

  private static func table(_ arrays: [(name: String, array: MultiArray)]) -> String {
    var table = Table(.left, .left, .left, .left)
    for (name, array) in arrays {
      let shape = array.shape.map(String.init).joined(separator: ", ")
      table.add(name, array.elementType.rawValue, shape, values(array))
    }
    return table.text
  }

  /// A few elements, or the range of many.
  private static func values(_ array: MultiArray) -> String {
    if array.elementType == .string { return array.strings.joined(separator: ", ") }
    if !array.labels.isEmpty { return scores(array) }
    if array.count <= 8 { return array.doubles.map(number).joined(separator: ", ") }
    guard let least = array.range.least, let largest = array.range.largest else { return "nan" }
    return "\(number(least)) to \(number(largest))"
  }

  /// The labels with the highest scores.
  private static func scores(_ array: MultiArray) -> String {
    let best = zip(array.labels, array.doubles).sorted { $0.1 > $1.1 }.prefix(5)
    let text = best.map { "\($0.0) \(number($0.1))" }.joined(separator: ", ")
    return best.count < array.count ? text + ", …" : text
  }

  private static func number(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e6
      ? Format.fixed(value, 0) : Format.fixed(value, abs(value) < 1 ? 6 : 4)
  }
}
