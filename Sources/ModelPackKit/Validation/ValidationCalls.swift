// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The calls of a validation: inputs of the package, and where expected outputs come from.
struct ValidationCalls {
  typealias Named = [(name: String, array: MultiArray)]

  private(set) var inputs: [[String: MultiArray]] = []
  /// The source, where it is run.
  private(set) var source: Model?
  private var recorded: [Named] = []
  private let model: Model

  init(_ request: ValidationRequest, _ model: Model) throws {
    self.model = model
    guard let first = request.against.first else {
      throw Diagnostic.error(.usage, "there is nothing to validate against")
    }
    if Self.isFolder(first) {
      try readTestData(request.against)
    } else if first.hasSuffix(".npz") {
      try readRecorded(request)
    } else if request.against.count > 1 {
      throw Diagnostic.error(
        .usage, "--against is given several sources",
        fix: "give one source, or one npz of outputs for each --inputs")
    } else {
      try prepareSource(first, request)
    }
    for (index, values) in inputs.enumerated() {
      let file = index < request.inputs.count ? request.inputs[index] : nil
      try Self.placing(file) { try model.check(values) }
    }
  }

  /// The outputs that call `index` should give.
  func expected(_ index: Int, state: ModelState?) throws -> Named {
    guard let source else { return recorded[index] }
    let results = try source.prediction(from: translated(inputs[index], source), using: state)
    return source.outputs.compactMap { feature in
      results[feature.name].map { (feature.name, $0) }
    }
  }

  /// Inputs of the package as the source takes them: by name, else by place, in its dtypes.
  private func translated(
    _ values: [String: MultiArray], _ source: Model
  ) throws -> [String: MultiArray] {
    var result: [String: MultiArray] = [:]
    for (place, feature) in source.inputs.enumerated() {
      guard let own = Self.counterpart(of: feature, at: place, source, model),
        let value = values[own.name]
      else {
        throw Diagnostic.error(
          .usage, "the package has no input for '\(feature.name)' of the source",
          notes: ["inputs of the package: " + model.inputs.map(\.name).joined(separator: ", ")])
      }
      result[feature.name] =
        value.elementType == feature.elementType
        ? value
        : try MultiArray(value.doubles, as: feature.elementType, shape: value.shape)
    }
    return result
  }

  /// The input of the package that is `feature` of the source.
  private static func counterpart(
    of feature: FeatureDescription, at place: Int, _ source: Model, _ model: Model
  ) -> FeatureDescription? {
    if let same = model.inputs.first(where: { $0.name == feature.name }) { return same }
    guard source.inputs.count == model.inputs.count else { return nil }
    return model.inputs[place]
  }
}

/// Where calls come from.
extension ValidationCalls {
  private mutating func prepareSource(_ path: String, _ request: ValidationRequest) throws {
    if request.inputs.contains(where: Self.isFolder) {
      // Recorded with the model, so that it need not run.
      return try readTestData(request.inputs)
    }
    let source = try Self.placing(path) {
      try Model(
        reference: SourceGraph.program(path, states: model.states.map(\.name)))
    }
    self.source = source
    inputs = try request.inputs.map(archive)
    guard inputs.isEmpty else { return }
    var random = RandomInputs(model.inputs, model.function, seed: request.seed)
    let shapes = SourceShapes(source, model).shapes
    for _ in 0..<max(1, request.steps ?? (model.states.isEmpty ? 1 : 4)) {
      inputs.append(try random.next(shapes: shapes))
    }
  }

  private mutating func readRecorded(_ request: ValidationRequest) throws {
    guard request.inputs.count == request.against.count else {
      throw Diagnostic.error(
        .usage,
        "--against gives recorded outputs for \(request.against.count) calls, --inputs has "
          + "\(request.inputs.count)",
        fix: "give one --inputs for each --against")
    }
    for (given, outputs) in zip(request.inputs, request.against) {
      inputs.append(try archive(given))
      recorded.append(try ArrayFile.readArchive(outputs))
    }
  }

  private mutating func readTestData(_ folders: [String]) throws {
    for folder in folders {
      let set = try TestDataSet(folder)
      inputs.append(try named(set.inputs, folder))
      recorded.append(try outputs(set.outputs, folder))
    }
  }

  /// Inputs of a test data set, which go by their place, in the dtypes of the package.
  private func named(
    _ given: [TensorData], _ folder: String
  ) throws -> [String: MultiArray] {
    try Self.check("inputs", given.count, model.inputs.count, folder)
    var values: [String: MultiArray] = [:]
    for (feature, data) in zip(model.inputs, given) {
      // Core ML has no inputs without axes.
      let shape = data.shape.isEmpty && feature.shape.count == 1 ? [1] : data.shape
      values[feature.name] = try MultiArray(data.doubles, as: feature.elementType, shape: shape)
    }
    return values
  }

  private func outputs(_ given: [TensorData], _ folder: String) throws -> Named {
    try Self.check("outputs", given.count, model.outputs.count, folder)
    return zip(model.outputs, given).map { ($0.name, MultiArray($1)) }
  }

  private static func check(
    _ what: String, _ found: Int, _ wanted: Int, _ folder: String
  ) throws {
    guard found != wanted else { return }
    throw Diagnostic.error(
      .wrongInput, at: Location(file: folder),
      "has \(found) \(what), but the package has \(wanted)")
  }

  private func archive(_ path: String) throws -> [String: MultiArray] {
    let given = FeatureNames.adopted(try ArrayFile.readArchive(path), by: model.inputs)
    return Dictionary(given.map { ($0.name, $0.array) }) { first, _ in first }
  }

  static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// Runs `body`; what it throws concerns `file` unless it knows better.
  static func placing<T>(_ file: String?, _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let diagnostic as Diagnostic {
      throw file.map { diagnostic.inFile($0) } ?? diagnostic
    } catch let list as DiagnosticList {
      throw file.map { file in DiagnosticList(list.diagnostics.map { $0.inFile(file) }) } ?? list
    }
  }
}

/// Chooses extents for random inputs that the source allows together.
struct SourceShapes {
  /// Shapes by input of the package.
  private(set) var shapes: [String: [Int]] = [:]
  private var symbols: [String: Int] = [:]

  init(_ source: Model, _ model: Model) {
    let table = source.function.symbols
    let pairs = model.inputs.enumerated().compactMap { place, own in
      source.inputs.first { $0.name == own.name }.map { (own, $0) }
        ?? (source.inputs.count == model.inputs.count ? (own, source.inputs[place]) : nil)
    }
    // What the package has fixed decides.
    for (own, theirs) in pairs { take(own, Self.dims(theirs.name, source)) }
    for (name, entry) in table.entries.sorted(by: { $0.key < $1.key }) where symbols[name] == nil {
      let low = max(entry.lower, 1)
      let usual = max(entry.example ?? 0, min(low + 2, entry.upper ?? .max))
      symbols[name] = entry.allowed?.first ?? max(low, min(usual, entry.upper ?? .max))
    }
    for (own, theirs) in pairs {
      let dims = Self.dims(theirs.name, source)
      let extents = dims.compactMap { dim in dim.evaluated { symbols[$0] } }
      if extents.count == own.shape.count, own.allows(extents) { shapes[own.name] = extents }
    }
  }

  private static func dims(_ name: String, _ source: Model) -> [Dim] {
    source.function.inputs.map { source.function.values[$0] }
      .first { $0.name == name }?.type.tensor?.shape ?? []
  }

  private mutating func take(_ own: FeatureDescription, _ dims: [Dim]) {
    guard dims.count == own.shape.count else { return }
    for (axis, dim) in dims.enumerated() {
      guard let symbol = dim.symbol, symbols[symbol] == nil else { continue }
      switch own.flexibility {
      case .fixed: symbols[symbol] = own.shape[axis]
      case .enumerated(let shapes): symbols[symbol] = shapes.first?[axis]
      case .ranges(let extents):
        if extents[axis].lower == extents[axis].upper { symbols[symbol] = extents[axis].lower }
      }
    }
  }
}

extension FeatureDescription {
  /// Whether the feature may have this shape.
  func allows(_ extents: [Int]) -> Bool {
    switch flexibility {
    case .fixed: zip(shape, extents).allSatisfy { $0 == nil || $0 == $1 }
    case .enumerated(let shapes): shapes.contains(extents)
    case .ranges(let bounds):
      zip(bounds, extents).allSatisfy { $0.lower <= $1 && $1 <= $0.upper ?? .max }
    }
  }
}
