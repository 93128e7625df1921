// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelPackKit

/// `600MB`.
struct SizeOption: ExpressibleByArgument {
  let limit: WeightTarget.Limit

  init?(argument: String) {
    guard let limit = WeightTarget.Limit(size: argument) else { return nil }
    self.limit = limit
  }
}

enum TargetFamilyOption: String, ExpressibleByArgument, CaseIterable {
  case linear, palette
}

/// What the weights that `quantize` writes may take.
struct TargetOptions: ParsableArguments {
  @Option(
    name: .customLong("target-bits"),
    help: ArgumentHelp(
      "Choose for each weight how to compress it: the least squared error with this many bits per "
        + "element on average, scales and tables included.", valueName: "bits"))
  var bits: Double?

  @Option(
    name: .customLong("target-size"),
    help: ArgumentHelp(
      "The same under a size of the whole package (600MB, 1.5GB, 512MiB).", valueName: "size"))
  var size: SizeOption?

  @Option(
    name: .customLong("target-family"),
    help: ArgumentHelp(
      "Choose among these only: linear is int4 and int8 with scales (default: both).",
      valueName: "family"))
  var family: TargetFamilyOption?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Where to write the settings that were chosen, for --config (default: the name of the output "
        + "with .yaml).", valueName: "file.yaml"),
    completion: .file(extensions: ["yaml"]))
  var chosen: String?

  var isGiven: Bool { bits != nil || size != nil }

  func validate() throws {
    if bits != nil && size != nil {
      throw ValidationError("--target-bits and --target-size exclude each other.")
    }
    if (family != nil || chosen != nil) && !isGiven {
      throw ValidationError("--target-family and --chosen need --target-bits or --target-size.")
    }
    if let bits, !(bits > 0 && bits.isFinite) {
      throw ValidationError("--target-bits must be more than 0.")
    }
  }

  func target(output: String) -> WeightTarget? {
    guard let limit = bits.map({ .bits($0) }) ?? size?.limit else { return nil }
    var base = Substring(output)
    while base.hasSuffix("/") { base = base.dropLast() }
    if base.hasSuffix(".mlpackage") { base = base.dropLast(10) }
    var target = WeightTarget(limit, chosen: chosen ?? base + ".yaml")
    if let family { target.families = [family == .linear ? .linear : .palette] }
    return target
  }
}
