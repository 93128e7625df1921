// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// The shape of an input with symbolic extents, as a description can say it.
struct FlexibleShape {
  let name: String
  let dims: [Dim]
  let symbols: SymbolTable

  /// The most shapes that Core ML accepts for one input.
  static let limit = 128

  /// Whether some extent may only have certain values.
  var isEnumerated: Bool { dims.contains { !allowedSymbols($0).isEmpty } }

  private func allowedSymbols(_ dim: Dim) -> Set<String> {
    dim.symbols.filter { symbols[$0]?.allowed != nil }
  }

  /// A range per axis: the bounds of its extent.
  func ranged(_ dtype: DType) throws -> ArrayFeature {
    let ranges = try dims.enumerated().map { axis, dim -> SizeRange in
      let (lower, upper) = symbols.bounds(dim)
      guard let upper else { throw unbounded(axis, lower ?? 1) }
      let low = max(1, lower ?? 1)
      guard upper >= low else { throw empty(axis, low, upper) }
      return SizeRange(low, upper)
    }
    let shape = zip(dims, ranges).map { dim, range in
      min(max(symbols.example(dim) ?? range.lower, range.lower), range.upper ?? .max)
    }
    return ArrayFeature(dtype, shape, flexibility: .ranges(ranges))
  }

  /// Every shape that the allowed values give. Inputs that share symbols list them in one order,
  /// because Core ML goes by the position in the list.
  func enumerated(_ dtype: DType, version: Int) throws -> ArrayFeature {
    let ranged = Set(dims.flatMap(\.symbols)).filter { symbols[$0]?.allowed == nil }
    if let symbol = ranged.min() { throw mixed(symbol) }
    let own = Set(dims.flatMap(\.symbols))
    // All symbols of the function, not of this input: the lists of all inputs correspond.
    let names = symbols.entries.filter { $0.value.allowed != nil }.keys.sorted()
      .filter { version >= 9 || own.contains($0) }
    var shapes: [[Int]] = []
    for values in try combinations(names) {
      let shape = try dims.map { try extent($0, values) }
      if version >= 9 || !shapes.contains(shape) { shapes.append(shape) }
    }
    return try listed(shapes, dtype)
  }

  /// The shapes as they were given, which must fit the extents that are known.
  func listed(_ shapes: [[Int]], _ dtype: DType) throws -> ArrayFeature {
    guard let first = shapes.first else { throw fits([], "the list is empty") }
    for shape in shapes {
      guard shape.count == dims.count else { throw fits(shape, "the input has rank \(dims.count)") }
      for (extent, dim) in zip(shape, dims) {
        guard extent > 0 else { throw fits(shape, "extents are positive") }
        if let fixed = dim.fixed, fixed != extent { throw fits(shape, "the input is \(dims)") }
      }
    }
    return ArrayFeature(dtype, first, flexibility: .enumerated(shapes))
  }

  /// Every choice of a value for each symbol, the one of the examples first.
  private func combinations(_ names: [String]) throws -> [[String: Int]] {
    var all: [[String: Int]] = [[:]]
    for name in names {
      guard let entry = symbols[name], var values = entry.allowed else { continue }
      guard all.count * values.count <= Self.limit else { throw tooMany() }
      if let example = entry.example, let place = values.firstIndex(of: example) {
        values.insert(values.remove(at: place), at: 0)
      }
      all = all.flatMap { partial in
        values.map { value in partial.merging([name: value]) { $1 } }
      }
    }
    return all
  }

  private func extent(_ dim: Dim, _ values: [String: Int]) throws -> Int {
    guard let extent = dim.evaluated({ values[$0] }), extent > 0 else {
      throw Diagnostic.error(
        .unsupportedArgument, "the input '\(name)' has the extent \(dim), which is not positive")
    }
    return extent
  }
}

extension FlexibleShape {
  private func unbounded(_ axis: Int, _ lower: Int) -> Diagnostic {
    let shape = dims.enumerated().map { index, dim -> String in
      index == axis ? "\(max(1, lower))...512" : "\(dim.fixed.map(String.init) ?? "1...512")"
    }.joined(separator: ",")
    return .error(
      .notRepresentable,
      "the input '\(name)' has no largest extent along axis \(axis) (\(dims[axis]))",
      fix: "bound it: --input '\(name)=\(shape)'")
  }

  private func empty(_ axis: Int, _ lower: Int, _ upper: Int) -> Diagnostic {
    .error(
      .unsupportedArgument,
      "the input '\(name)' has no possible extent along axis \(axis): \(lower)...\(upper)")
  }

  private func mixed(_ symbol: String) -> Diagnostic {
    .error(
      .notRepresentable,
      "the input '\(name)' has extents from a list and extents from a range ('\(symbol)')",
      fix: "give a list or a range for all of them")
  }

  private func tooMany() -> Diagnostic {
    .error(
      .notRepresentable,
      "the input '\(name)' has more than \(Self.limit) shapes, the most that Core ML accepts",
      fix: "give shorter lists, or a range")
  }

  private func fits(_ shape: [Int], _ why: String) -> Diagnostic {
    .error(.unsupportedArgument, "the input '\(name)' cannot have the shape \(shape): \(why)")
  }
}
