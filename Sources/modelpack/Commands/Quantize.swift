// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelPackKit

struct Quantize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Quantizes or palettizes the weights of a package.",
    discussion: """
      Weights of linear, matmul, conv, conv_transpose and gather operations are replaced by codes \
      of 4 or 8 bits with scales, or by indices of 1 to 8 bits into tables (--palette). A weight \
      that blocks do not divide is quantized per channel, one that groups do not divide gets one \
      table, and that is said. --sparse, --threshold and --pattern make elements zero, of which \
      none is stored, alone or before the others are quantized.

      Patterns match the names of weights, operations or modules: * is any text, ? any character. \
      FILE.yaml of --config may hold the same as keys (dtype: int4, palette: 4, sparse: 50%), \
      min-elements, include, exclude, indivisible (per-channel or refuse) and a list of rules, each \
      with names, operations or exact weights and settings of its own or 'skip: true'; the last \
      that fits decides. Settings are given here or at the top of the file, not in both.

      EXAMPLES:
        modelpack quantize model.mlpackage -o small.mlpackage --int4 --block 32
        modelpack quantize model.mlpackage -o small.mlpackage --int8 --exclude '*embed*'
        modelpack quantize model.mlpackage -o small.mlpackage --palette 4 --group 16
        modelpack quantize model.mlpackage -o small.mlpackage --sparse 50% --int8
        modelpack quantize model.mlpackage -o small.mlpackage --target-size 600MB
        modelpack quantize model.mlpackage -o small.mlpackage --config layers.yaml
        modelpack quantize model.mlpackage -o small.mlpackage --int4 --report weights.html
      """)

  @Argument(help: "The .mlpackage.", completion: .directory)
  var package: String

  @Option(
    name: [.short, .long], help: "The .mlpackage to write.", completion: .directory)
  var output: String

  @Flag(exclusivity: .exclusive)
  var type: QuantizationFlag?

  @Flag(exclusivity: .exclusive)
  var unscaled: UnscaledFlag?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "One scale for each N elements along the input channels (default of 4 bits: 32).",
      valueName: "n"))
  var block: Int?

  @Flag(exclusivity: .exclusive)
  var granularity: GranularityFlag?

  @Flag(exclusivity: .exclusive)
  var mode: ModeFlag?

  @OptionGroup(title: "Palettes") var palette: PaletteOptions
  @OptionGroup(title: "Pruning") var pruning: PruningOptions
  @OptionGroup(title: "Targets") var target: TargetOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How scales are found: error by a search for the least squared error (default), or min-max "
        + "from the extremes of a block, exactly as coremltools does.", valueName: "how"))
  var fit: FitOption?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How much errors matter to the search: by name of weight, one number per input channel.",
      valueName: "file.npz"),
    completion: .file(extensions: ["npz"]))
  var importance: String?

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp("Quantize only weights that match; may be repeated.", valueName: "pattern"))
  var include: [String] = []

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp(
      "Leave weights that match as they are; may be repeated.", valueName: "pattern"))
  var exclude: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Leave weights of this many elements or fewer as they are (default: 2048).", valueName: "n"))
  var minElements: Int?

  @Option(
    name: .long, help: ArgumentHelp("Settings per operation or weight.", valueName: "file.yaml"),
    completion: .file(extensions: ["yaml", "yml", "json"]))
  var config: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Write an HTML page about what was done.", valueName: "file.html"),
    completion: .file(extensions: ["html"]))
  var report: String?

  @OptionGroup var overwriting: OverwriteOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    let isTreated =
      type != nil || palette.bits != nil || pruning.isGiven || unscaled != nil
    if !isTreated && config == nil && !target.isGiven {
      throw ValidationError(
        "Give --int4, --int8, --uint4, --uint8, --palette BITS, --sparse SHARE, --target-bits BITS, "
          + "--target-size SIZE or --config FILE.yaml.")
    }
    if target.isGiven,
      isTreated || block != nil || granularity != nil || mode != nil || fit != nil
        || importance != nil
    {
      throw ValidationError(
        "--target-bits and --target-size choose themselves how weights are compressed; only "
          + "--config may do so for some.")
    }
    if palette.bits != nil && (type != nil || block != nil || granularity != nil || mode != nil) {
      throw ValidationError("--palette excludes the options of linear quantization.")
    }
    if block != nil && granularity != nil {
      throw ValidationError("--block, --per-channel and --per-tensor exclude each other.")
    }
    if fit != nil && type == nil && unscaled == nil {
      throw ValidationError("--fit goes with a type; in the file of --config say 'fit: min-max'.")
    }
    if importance != nil && config == nil && (type == nil || fit == .minMax) {
      throw ValidationError("--importance goes with a type and --fit error.")
    }
    if let block, block < 1 { throw ValidationError("--block must be 1 or more.") }
    if let minElements, minElements < 0 {
      throw ValidationError("--min-elements must be 0 or more.")
    }
  }

  func run() throws {
    let progress = Progress(common)
    let summary = try ModelPack.quantize(
      package, to: output, try settings(), overwrite: overwriting.overwrite,
      choosing: { progress.show("measuring weights", $0, of: $1) },
      progress: { progress.show("writing weights", $0, of: $1) })
    progress.finish()
    if common.json { return print(summary.document(output: output), terminator: "") }
    describe(summary)
  }

  private func settings() throws -> QuantizationSettings {
    let shape: QuantizationSettings.Granularity? =
      block.map { .block($0) } ?? granularity.map { $0 == .perTensor ? .perTensor : .perChannel }
    let scheme = (type?.elementType ?? unscaled?.elementType).map {
      QuantizationSettings.Scheme(
        $0, shape, mode == .asymmetric ? .asymmetric : .symmetric,
        fit: fit?.fit ?? .error)
    }
    let values =
      try palette.palette().map { QuantizationSettings.Treatment.Values.palette($0) }
      ?? scheme.map { .linear($0) }
    var settings = QuantizationSettings()
    if values != nil || pruning.isGiven {
      settings.treatment = .init(values ?? .dense, pruning: pruning.pruning)
    }
    if let config { try settings.apply(configurationFile: config) }
    if let minElements { settings.minElements = minElements }
    settings.include += include
    settings.exclude += exclude
    settings.measuresError = common.verbose || common.json
    settings.report = report
    settings.target = target.target(output: output)
    settings.importanceFile = importance ?? settings.importanceFile
    return settings
  }

  private func describe(_ summary: QuantizationSummary) {
    if common.verbose {
      common.say(String(table(summary.weights).dropLast()))
    } else {
      for weight in summary.weights {
        if weight.scheme != nil, let note = weight.note {
          common.say("note: \(weight.name): \(note)")
        }
      }
    }
    let worst = summary.worst()
    if common.verbose || report != nil, worst.count > 1 {
      common.say("the worst:\n" + table(worst).dropLast())
    }
    if let target = summary.target {
      common.say(
        "\(target.chosen): what was chosen, \(Format.fixed(target.bitsPerElement, 2)) bits for each "
          + "of \(target.elements) elements")
    }
    if let report { common.say("\(report): what was done to each weight") }
    common.say(
      "\(output): \(Format.count(summary.quantized.count, "weight")) quantized, "
        + "\(summary.leftAlone.count) left as they are, "
        + "\(Format.megabytes(summary.bytesBefore)) to \(Format.megabytes(summary.bytesAfter))"
        + (summary.decibels.map { ", \(Format.fixed($0, 1)) dB" } ?? ""))
  }

  private func table(_ weights: [QuantizationSummary.Weight]) -> String {
    var table = Table(.left, .left, .right, .right, .right, .right, .right, .left, .left)
    table.add(
      "", "", "before", "after", "SNR", "largest error", "saturated", "used by", "")
    for weight in weights {
      table.add(
        weight.name, weight.scheme ?? "unchanged", Format.megabytes(weight.bytesBefore),
        Format.megabytes(weight.bytesAfter),
        weight.decibels.map { Format.fixed($0, 1) + " dB" } ?? "",
        weight.largestError.map { Format.scientific($0) } ?? "",
        weight.saturated.map { Format.fixed($0 * 100, 2) + " %" } ?? "", weight.uses.text,
        weight.note ?? "")
    }
    return table.text
  }
}
