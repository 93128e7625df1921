// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

extension CompressionChoice {
  func palette(_ scheme: PaletteScheme) throws -> Decision {
    try PaletteForm.check(scheme, opset: opset)
    let shape = weight.source.shape
    if shape.contains(0) { return .leave("is empty") }
    let axis: Int
    if let axes = weight.axes {
      if case .inputGroups = scheme.granularity { axis = axes.input } else { axis = axes.output }
    } else if scheme.granularity == .perTensor && scheme.clusterSize == 1 && !scheme.hasChannelScale
    {
      axis = 0
    } else {
      let operations = weight.operations.joined(separator: " and ")
      return .leave("its uses (\(operations)) disagree about its channel axes")
    }
    if let layout = layout(scheme, axis) { return try palettized(scheme, layout, note: nil) }
    return try undivided(scheme, axis)
  }

  private func layout(_ scheme: PaletteScheme, _ axis: Int) -> PaletteLayout? {
    PaletteLayout(
      shape: weight.source.shape, axis: axis, groupSize: scheme.groupSize,
      clusterSize: scheme.clusterSize)
  }

  private func palettized(
    _ scheme: PaletteScheme, _ layout: PaletteLayout, note: String?
  ) throws -> Decision {
    let palettized = try PalettizedWeight(
      weight.source, name: weight.name, scheme: scheme, layout: layout,
      ignoresZeros: weight.ignoresZeros)
    if scheme.mode == .unique {
      do {
        try palettized.findTables()
      } catch let problem as Diagnostic where problem.code == .unsupportedArgument {
        return .leave(problem.message)
      } catch let problem as Diagnostic
        where problem.code == .notRepresentable && weight.operations == ["gather"]
      {
        return .leave("holds an infinity or a NaN, which no palette can represent")
      }
    }
    return .compress(palettized, note: note)
  }

  private func undivided(_ scheme: PaletteScheme, _ axis: Int) throws -> Decision {
    let shape = weight.source.shape
    let side = axis == weight.axes?.output ? "output" : "input"
    let parts =
      scheme.groupSize == nil ? "vectors of \(scheme.clusterSize)" : "\(scheme.granularity)"
    let reason = "its \(shape[axis]) \(side) channels do not divide into \(parts)"
    guard options.indivisible == .perChannel else {
      throw Diagnostic.error(
        .unsupportedArgument, "weight '\(weight.name)' of shape \(shape): \(reason)",
        fix: "choose a size that divides it, or let such weights be treated otherwise")
    }
    let whole = scheme.perTensor()
    guard let layout = layout(whole, axis) else { return .leave(reason) }
    return try palettized(whole, layout, note: "palettized per tensor: \(reason)")
  }
}
