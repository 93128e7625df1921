// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelPackKit

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what is in a package.",
    discussion: """
      Inputs, outputs and states with types, shapes and flexibility; functions; operations by \
      kind; weights by type and size; the target and what needs it; metadata.

      EXAMPLES:
        modelpack inspect model.mlpackage
        modelpack inspect model.mlpackage --weights
        modelpack inspect model.mlpackage --report weights.html
        modelpack inspect model.mlpackage --mil | less
        modelpack inspect model.mlpackage --json | jq .inputs
      """)

  @Argument(help: "The .mlpackage.", completion: .directory)
  var package: String

  @Flag(name: .long, help: "List every operation.")
  var operations = false

  @Flag(
    name: .long,
    help:
      "List every weight, the largest first: bytes, bits per weight, type, shape, how it is compressed and where it is used."
  )
  var weights = false

  @Flag(name: .long, help: "Print the program in the text form of MIL.")
  var mil = false

  @Option(
    name: .long,
    help: ArgumentHelp("Write an HTML page about the weights.", valueName: "file.html"),
    completion: .file(extensions: ["html"]))
  var report: String?

  @OptionGroup var overwriting: OverwriteOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if common.json && mil { throw ValidationError("--json and --mil exclude each other.") }
    if mil && (operations || weights || report != nil) {
      throw ValidationError("--mil is not combined with --operations, --weights or --report.")
    }
  }

  func run() throws {
    if mil { return print(try ModelPack.programText(package), terminator: "") }
    let inspection = try ModelPack.inspect(package)
    if let report {
      try ModelPack.writeReport(of: package, to: report, overwrite: overwriting.overwrite)
      common.say("\(report): the weights of \(package)")
      if !(common.json || operations || weights) { return }
    }
    if common.json {
      let list = operations ? try ModelPack.operations(package) : nil
      print(inspection.document(operations: list), terminator: "")
    } else if operations || weights {
      if operations {
        print(OperationListing.text(try ModelPack.operations(package)), terminator: "")
      }
      if weights { print(InspectionListing(inspection).weightList, terminator: "") }
    } else {
      print(InspectionListing(inspection).text, terminator: "")
    }
  }
}

/// The list of `inspect --operations`.
private enum OperationListing {
  static func text(_ operations: [OperationSummary]) -> String {
    var table = Table(.left, .left, .left)
    var function = operations.first?.function
    var text = ""
    for operation in operations {
      if operation.function != function {
        text += "\(function ?? "")\n" + table.text
        table = Table(.left, .left, .left)
        function = operation.function
      }
      table.add(
        String(repeating: "  ", count: operation.depth) + operation.type, operation.name,
        operation.results.joined(separator: ", "), operation.origin)
    }
    return text + "\(function ?? "")\n" + table.text
  }
}
