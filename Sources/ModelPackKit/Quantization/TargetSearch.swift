// SPDX-License-Identifier: Apache-2.0
import Compression
import CoreMLPackage
import Diagnostics

/// Finds settings under which the weights of a package meet a target.
struct TargetSearch {
  let package: ModelPackage
  let settings: QuantizationSettings
  let target: WeightTarget
  let planner: BudgetPlanner

  /// Measures every weight. Throws `.usage` where the settings say already what to do with weights
  /// that no rule fits.
  init(
    _ package: ModelPackage, _ settings: QuantizationSettings, _ target: WeightTarget,
    progress: (@Sendable (Int, Int) -> Void)?
  ) throws {
    guard settings.treatment == nil, settings.importanceFile == nil else {
      throw Diagnostic.error(
        .usage, "a target chooses itself how weights are compressed",
        fix: "give settings of their own to some weights in 'rules' only, and no importance")
    }
    self.package = package
    self.settings = settings
    self.target = target
    planner = try BudgetPlanner(
      package.program, try settings.options(), target.budgetFamilies, progress: progress)
  }

  /// The settings, and what they come to. Throws `.unsupportedArgument` where the target is too
  /// small.
  func run() throws -> (settings: QuantizationSettings, plan: BudgetPlan) {
    guard planner.elements > 0 else {
      throw Diagnostic.error(
        .unsupportedArgument, "there are no weights to choose for",
        fix: "look at 'modelpack inspect --weights', and give a smaller --min-elements")
    }
    switch target.limit {
    case .bits(let bits):
      let bytes = Int(min(bits, 64) * Double(planner.elements) / 8)
      guard let plan = planner.plan(bytes: bytes) else {
        let least = Double(planner.smallest) * 8 / Double(planner.elements)
        throw tooSmall("\(Format.fixed(least + 0.005, 2)) bits per element")
      }
      return (chosen(plan), plan)
    case .size(let size): return try search(size)
    }
  }

  /// What else is in a package depends a little on what is chosen, so that it takes some rounds.
  private func search(_ size: Int) throws -> (settings: QuantizationSettings, plan: BudgetPlan) {
    var bytes = size - (try package.writtenSize() - planner.current)
    for _ in 0..<16 {
      guard let plan = planner.plan(bytes: max(0, bytes)) else { break }
      let settings = chosen(plan)
      let written = try self.size(settings)
      if written <= size { return (settings, plan) }
      bytes = min(bytes, plan.bytes) - (written - size)
    }
    guard let smallest = planner.plan(bytes: planner.smallest) else {
      throw tooSmall("\(planner.smallest) bytes")
    }
    let settings = chosen(smallest)
    let least = try self.size(settings)
    if least <= size { return (settings, smallest) }
    throw tooSmall("\(least) bytes")
  }

  /// Bytes of the package with these settings.
  private func size(_ settings: QuantizationSettings) throws -> Int {
    var package = package
    _ = try settings.quantizer().run(&package.program)
    return try package.writtenSize()
  }

  private func chosen(_ plan: BudgetPlan) -> QuantizationSettings {
    var settings = settings
    for part in plan.parts {
      settings.rules.append(.init(weights: part.names, part.scheme.map { .init($0) }))
    }
    return settings
  }

  private func tooSmall(_ least: String) -> Diagnostic {
    .error(
      .unsupportedArgument, "with these settings the least that can be reached is \(least)",
      fix: "ask for more, or let more weights be compressed")
  }
}

extension WeightTarget {
  /// The file of the settings that were chosen for the package at `path`.
  func text(_ settings: QuantizationSettings, _ plan: BudgetPlan, from path: String) -> String {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    let goal =
      switch limit {
      case .bits(let bits): "\(bits) bits per element"
      case .size(let size): "\(size) bytes"
      }
    let bits = Double(plan.bytes) * 8 / Double(max(1, plan.elements))
    return settings.configuration(
      comment: [
        "Chosen for \(name) under a target of \(goal):",
        "\(plan.bytes) bytes for \(plan.elements) elements, \(Format.fixed(bits, 3)) bits each.",
        "To use it again: modelpack quantize \(name) -o OUTPUT --config THIS-FILE",
      ], for: chosen)
  }
}
