// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelPackKit

struct Decompress: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turns compressed weights back into dense ones.",
    discussion: """
      Quantized, palettized and sparse weights, whoever compressed them, become the float values \
      that they stand for, bit for bit what Core ML is given. Everything else stays as it is, \
      the target included.

      EXAMPLES:
        modelpack decompress small.mlpackage -o dense.mlpackage
        modelpack decompress small.mlpackage -o dense.mlpackage --json
      """)

  @Argument(help: "The .mlpackage.", completion: .directory)
  var package: String

  @Option(
    name: [.short, .long], help: "The .mlpackage to write.", completion: .directory)
  var output: String

  @OptionGroup var overwriting: OverwriteOptions
  @OptionGroup var common: CommonOptions

  func run() throws {
    let progress = Progress(common)
    let summary = try ModelPack.decompress(
      package, to: output, overwrite: overwriting.overwrite
    ) { done, total in progress.show("writing weights", done, of: total) }
    progress.finish()
    if common.json { return print(summary.document(output: output), terminator: "") }
    if common.verbose {
      var table = Table(.left, .left, .right, .right)
      for weight in summary.weights {
        table.add(
          weight.name, weight.compression, Format.megabytes(weight.bytesBefore),
          Format.megabytes(weight.bytesAfter))
      }
      if !table.isEmpty { common.say(String(table.text.dropLast())) }
    }
    common.say(
      "\(output): \(Format.count(summary.weights.count, "weight")) decompressed, "
        + "\(Format.megabytes(summary.bytesBefore)) to \(Format.megabytes(summary.bytesAfter))")
  }
}
