// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelPackKit

/// A share as a fraction (`0.5`) or in percent (`50%`).
struct ShareOption: ExpressibleByArgument {
  let value: Double

  init?(argument: String) {
    guard let value = Double(share: argument) else { return nil }
    self.value = value
  }
}

/// `2:4`: two zeros of four elements.
struct PatternOption: ExpressibleByArgument {
  let pruning: QuantizationSettings.Pruning

  init?(argument: String) {
    guard let pruning = QuantizationSettings.Pruning(pattern: argument) else { return nil }
    self.pruning = pruning
  }
}

enum PruningAxisOption: String, ExpressibleByArgument, CaseIterable {
  case output, input
}

/// How `quantize` prunes.
struct PruningOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "Make this share of the elements of a weight zero, the smallest first (0.5, 50%).",
      valueName: "share"))
  var sparse: ShareOption?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Prune blocks of N channels as a whole, those of the smallest norm first.", valueName: "n"))
  var sparseBlock: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Make elements of at most this magnitude zero, in weights of which that is half or more.",
      valueName: "x"))
  var threshold: Double?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Make the N smallest of each M consecutive channels zero (2:4).", valueName: "n:m"))
  var pattern: PatternOption?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The channels of blocks (default: output) or patterns (default: input).", valueName: "axis"))
  var sparseAxis: PruningAxisOption?

  var isGiven: Bool { sparse != nil || threshold != nil || pattern != nil }

  func validate() throws {
    if [sparse != nil, threshold != nil, pattern != nil].count(where: { $0 }) > 1 {
      throw ValidationError("--sparse, --threshold and --pattern exclude each other.")
    }
    if let threshold, !(threshold >= 0) { throw ValidationError("--threshold must be 0 or more.") }
    if let sparseBlock {
      if sparse == nil { throw ValidationError("--sparse-block needs --sparse SHARE.") }
      if sparseBlock < 2 { throw ValidationError("--sparse-block must be 2 or more.") }
    }
    if sparseAxis != nil && sparseBlock == nil && pattern == nil {
      throw ValidationError("--sparse-axis needs --sparse-block N or --pattern N:M.")
    }
  }

  var pruning: QuantizationSettings.Pruning? {
    let axis = sparseAxis.map { $0 == .output ? QuantizationSettings.Pruning.Axis.output : .input }
    if let threshold { return .threshold(threshold) }
    if case .pattern(let zeros, let group, let usual)? = pattern?.pruning {
      return .pattern(zeros: zeros, group: group, axis: axis ?? usual)
    }
    guard let share = sparse?.value else { return nil }
    return sparseBlock.map { .blocks(share: share, size: $0, axis: axis ?? .output) }
      ?? .share(share)
  }
}
