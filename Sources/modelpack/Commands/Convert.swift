// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Diagnostics
import ModelPackKit

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Converts a PyTorch or ONNX model to a package.",
    discussion: """
      SOURCE is a .pt2 that torch.export.save wrote, or an .onnx file. Every buffer that the model \
      changes becomes a state. All problems of a model are reported together, and nothing is \
      written then.

      SHAPE is a size per axis: 1,3,224,224; where sizes vary, a range 1,1...512 or a set \
      1,{64,128} of which the first is the default. :DTYPE after it changes the type.

      EXAMPLES:
        modelpack convert model.pt2 -o model.mlpackage
        modelpack convert model.onnx -o model.mlpackage --target iOS16 --precision float32
        modelpack convert decoder.pt2 -o decoder.mlpackage --int4 --block 32
        modelpack convert model.onnx -o model.mlpackage --input 'tokens=1,1...512:int32'
      """)

  @Argument(
    help: "The model: a .pt2 or an .onnx file.", completion: .file(extensions: ["pt2", "onnx"]))
  var source: String

  @Option(name: [.short, .long], help: "The .mlpackage to write.", completion: .directory)
  var output: String

  @Option(
    name: .long, help: "The oldest system to run on: iOS15 to iOS26, macOS12 to macOS26, …",
    completion: .list(ModelPack.targets))
  var target = "iOS18"

  @Option(name: .long, help: "The type that floats are computed in.")
  var precision = PrecisionArgument.float16

  @Option(
    name: .long, help: "The type of float inputs and outputs (default: what the source has).")
  var ioPrecision: PrecisionArgument?

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp("The shape of an input; may be repeated.", valueName: "name=shape[:dtype]"))
  var input: [String] = []

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp("Rename an input, output or state; may be repeated.", valueName: "old=new"))
  var rename: [String] = []

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp(
      "Make this buffer a state, and no other; may be repeated.", valueName: "name"))
  var state: [String] = []

  @Flag(name: .long, help: "Make changed buffers inputs and outputs instead of states.")
  var noStates = false

  @Flag(exclusivity: .exclusive)
  var quantization: ConversionQuantizationFlag?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "With --int4 or --int8: one scale for each N elements (default of --int4: 32).",
      valueName: "n"))
  var block: Int?

  @Flag(name: .long, help: "With --int4 or --int8: one scale for each output channel.")
  var perChannel = false

  @OptionGroup(title: "Metadata") var metadata: MetadataOptions
  @OptionGroup var overwriting: OverwriteOptions
  @OptionGroup var common: CommonOptions

  func validate() throws {
    if noStates && !state.isEmpty {
      throw ValidationError("--state and --no-states exclude each other.")
    }
    if quantization == nil && (block != nil || perChannel) {
      throw ValidationError("--block and --per-channel go with --int4 or --int8.")
    }
    if block != nil && perChannel {
      throw ValidationError("--block and --per-channel exclude each other.")
    }
    if let block, block < 1 { throw ValidationError("--block must be 1 or more.") }
  }

  func run() throws {
    let progress = Progress(common)
    let warnings = Warnings()
    let summary = try ModelPack.convert(
      try request(), to: output, overwrite: overwriting.overwrite,
      progress: { done, total in progress.show("writing weights", done, of: total) },
      warn: { warnings.list.append($0) })
    progress.finish()
    if common.json {
      let inspection = try ModelPack.inspect(output)
      return print(ConversionDocument.text(inspection, summary, warnings.list), terminator: "")
    }
    for warning in warnings.list { common.warn(warning) }
    try report(summary)
  }

  private func request() throws -> ConversionRequest {
    var request = ConversionRequest(source: source)
    request.target = target
    request.precision = precision.precision
    request.interfacePrecision = ioPrecision?.precision
    for text in input {
      let (name, shape) = try Self.pair(text, "--input", "NAME=SHAPE")
      request.inputs[name] = try InputShape(parsing: shape)
    }
    for text in rename {
      let (old, new) = try Self.pair(text, "--rename", "OLD=NEW")
      request.renames[old] = new
    }
    request.states = noStates ? .none : state.isEmpty ? .all : .named(state)
    request.metadata = try metadata.texts()
    if let quantization {
      let granularity: QuantizationSettings.Granularity? =
        block.map { .block($0) } ?? (perChannel ? .perChannel : nil)
      request.quantization = QuantizationSettings(
        QuantizationSettings.Scheme(quantization == .int4 ? .int4 : .int8, granularity))
    }
    return request
  }

  static func pair(
    _ text: String, _ option: String, _ form: String
  ) throws -> (String, String) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw ValidationError("\(option) is \(form), not '\(text)'.")
    }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }

  private func report(_ summary: QuantizationSummary?) throws {
    if common.quiet { return }
    for weight in summary?.quantized ?? [] {
      if let note = weight.note { common.say("note: \(weight.name): \(note)") }
    }
    let inspection = try ModelPack.inspect(output, findsMinimumTarget: false)
    let main = inspection.main
    let states = main.map {
      $0.states.isEmpty ? "" : ", states \($0.states.map(\.name).joined(separator: ", "))"
    }
    common.say(
      "\(output): \(Format.megabytes(inspection.bytes)) for \(inspection.target), inputs "
        + "\((main?.inputs ?? []).map(\.name).joined(separator: ", ")), outputs "
        + "\((main?.outputs ?? []).map(\.name).joined(separator: ", "))\(states ?? "")")
  }
}

/// The types that floats may have.
enum PrecisionArgument: String, ExpressibleByArgument, CaseIterable {
  case float16, float32

  var precision: ConversionRequest.Precision { self == .float16 ? .float16 : .float32 }
}

/// Collects warnings until the result is there.
private final class Warnings {
  var list: [Diagnostic] = []
}

enum ConversionQuantizationFlag: String, EnumerableFlag {
  case int4, int8

  static func help(for value: ConversionQuantizationFlag) -> ArgumentHelp? {
    "Quantize weights to \(value.rawValue) on the way."
  }
}

/// What the package says about itself.
struct MetadataOptions: ParsableArguments {
  @Option(name: .long, help: "A short description.")
  var description: String?

  @Option(name: .long, help: "Who made the model.")
  var author: String?

  @Option(name: .long, help: "Under which terms it may be used.")
  var license: String?

  @Option(name: .long, help: "The version of the model.")
  var modelVersion: String?

  @Option(
    name: .long, parsing: .singleValue,
    help: ArgumentHelp("Any other text; may be repeated.", valueName: "key=value"))
  var metadata: [String] = []

  func texts() throws -> ConversionRequest.Metadata {
    var result = ConversionRequest.Metadata()
    result.summary = description ?? ""
    result.author = author ?? ""
    result.license = license ?? ""
    result.version = modelVersion ?? ""
    for text in metadata {
      let (key, value) = try Convert.pair(text, "--metadata", "KEY=VALUE")
      result.userDefined[key] = value
    }
    return result
  }
}
