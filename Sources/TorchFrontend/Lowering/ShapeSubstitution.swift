// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// Shapes that the user gave for inputs, imposed on the symbols of the export.
struct ShapeSubstitution {
  private(set) var symbols: SymbolTable
  private var replacements: [String: Dim] = [:]

  /// Throws `.usage` for an input that does not exist or a shape that the export does not allow.
  init(_ program: TorchProgram, _ options: TorchOptions) throws {
    symbols = program.symbols
    for (name, shape) in options.shapes.sorted(by: { $0.key < $1.key }) {
      guard let meta = program.graph.tensors[name], program.userInputs.contains(name) else {
        throw Diagnostic.error(
          .usage, "no input is named '\(name)'",
          notes: ["inputs: " + program.userInputs.joined(separator: ", ")])
      }
      guard meta.sizes.count == shape.count else {
        throw Diagnostic.error(
          .usage, "input '\(name)' has \(meta.sizes.count) dimensions, not \(shape.count)")
      }
      for (axis, (old, new)) in zip(meta.sizes, shape).enumerated() {
        try impose(new, on: old, "'\(name)' axis \(axis)", options)
      }
    }
  }

  private mutating func impose(
    _ new: Dim, on old: Dim, _ place: String, _ options: TorchOptions
  ) throws {
    if old == new { return }
    guard let symbol = old.symbol else {
      guard old.isFixed else { return }
      throw Diagnostic.error(
        .usage, "\(place) was exported with the fixed extent \(old), not \(new)",
        fix: "export with a dynamic dimension there")
    }
    if let value = new.fixed {
      try check(value...value, symbol, place)
      replacements[symbol] = new
    } else if let name = new.symbol, let entry = options.symbols[name] {
      try check(entry.lower...(entry.upper ?? Int.max), symbol, place)
      var merged = entry
      merged.example = symbols[symbol]?.example ?? entry.lower
      if let example = merged.example, example < entry.lower || example > entry.upper ?? Int.max {
        merged.example = entry.lower
      }
      if let allowed = entry.allowed { merged.example = allowed.first }
      symbols[symbol] = merged
    }
  }

  private func check(_ range: ClosedRange<Int>, _ symbol: String, _ place: String) throws {
    guard let known = symbols[symbol] else { return }
    guard range.lowerBound >= known.lower, range.upperBound <= known.upper ?? Int.max else {
      throw Diagnostic.error(
        .usage,
        "\(place) was exported for \(known.lower) to \(known.upper.map(String.init) ?? "any size")",
        fix: "export with a wider range, or choose within it")
    }
  }

  /// The graph with every replaced symbol replaced everywhere.
  func apply(to graph: TorchGraph) -> TorchGraph {
    if replacements.isEmpty { return graph }
    var graph = graph
    let lookup: (String) -> Dim? = { replacements[$0] }
    graph.tensors = graph.tensors.mapValues { meta in
      var meta = meta
      meta.sizes = meta.sizes.map { $0.substituting(lookup) }
      return meta
    }
    graph.symInts = graph.symInts.mapValues { $0.substituting(lookup) }
    for index in graph.nodes.indices {
      for k in graph.nodes[index].inputs.indices {
        graph.nodes[index].inputs[k].argument = apply(to: graph.nodes[index].inputs[k].argument)
      }
    }
    return graph
  }

  private func apply(to argument: TorchArgument) -> TorchArgument {
    let lookup: (String) -> Dim? = { replacements[$0] }
    return switch argument {
    case .symInt(let dim, let name): .symInt(dim.substituting(lookup), name: name)
    case .symInts(let dims): .symInts(dims.map { $0.substituting(lookup) })
    case .graph(let inner): .graph(apply(to: inner))
    default: argument
    }
  }
}
