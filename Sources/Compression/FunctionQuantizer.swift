// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// Quantizes the weights of one function.
struct FunctionQuantizer {
  let options: QuantizationOptions
  var function: Function
  /// Quantized weights by key, for weights that are equal.
  var shared: [String: QuantizedWeight]
  var entries: [QuantizationReport.Entry] = []
  var problems = DiagnosticCollector()
  private var replacements: [ValueID: Operation] = [:]

  init(options: QuantizationOptions, function: Function, shared: [String: QuantizedWeight]) {
    self.options = options
    self.function = function
    self.shared = shared
  }

  mutating func run() {
    let search = WeightSearch(function)
    var collected = DiagnosticCollector()
    for id in search.order {
      guard let weight = search.weights[id] else { continue }
      collected.catching(at: nil) { try treat(weight) }
    }
    for id in search.compressed { keep(compressed: id) }
    problems = collected
    var body = function.body
    replaceConstants(in: &body)
    function.body = body
  }

  /// What to do with a weight.
  private enum Decision {
    case quantize(QuantizationScheme, BlockLayout, ChannelAxes?, note: String?)
    case leave(String)
  }

  private mutating func treat(_ weight: Weight) throws {
    var entry = QuantizationReport.Entry(
      function: function.name, name: weight.name, operations: weight.operations,
      shape: weight.source.shape, dtype: weight.source.dtype, scheme: nil,
      bytesBefore: weight.source.byteCount, bytesAfter: weight.source.byteCount)
    switch try decide(weight) {
    case .leave(let reason): entry.note = reason
    case .quantize(let scheme, let layout, let axes, let note):
      let quantized = try quantizedWeight(weight, scheme, layout)
      // Tables are also masks; to look at every weight would mean to read it twice.
      if weight.operations == ["gather"], try !quantized.isFinite() {
        entry.note = "holds an infinity or a NaN, which no scale can represent"
        break
      }
      let form = StoredForm(opset: function.opset, axes: axes)
      replacements[weight.id] = try form.operation(quantized)
      entry.scheme = scheme
      entry.note = note
      entry.bytesAfter = form.byteCount(quantized)
      if options.measuresError { entry.error = try quantized.error() }
    }
    entries.append(entry)
  }

  private mutating func quantizedWeight(
    _ weight: Weight, _ scheme: QuantizationScheme, _ layout: BlockLayout
  ) throws -> QuantizedWeight {
    let fresh = try QuantizedWeight(
      weight.source, name: weight.name, scheme: scheme, layout: layout)
    if let known = shared[fresh.key] { return known }
    shared[fresh.key] = fresh
    return fresh
  }

  // MARK: Choosing

  private func decide(_ weight: Weight) throws -> Decision {
    if !options.include.isEmpty && !matches(options.include, weight) {
      return .leave("not among the included names")
    }
    if matches(options.exclude, weight) { return .leave("excluded") }
    let rule = options.rules.last { rule in
      (rule.names.isEmpty || matches(rule.names, weight))
        && (rule.operations.isEmpty
          || !weight.operations.allSatisfy { !rule.operations.contains($0) })
    }
    guard let scheme = rule.map(\.scheme) ?? options.scheme else {
      return .leave("excluded by the settings")
    }
    let minimum = rule?.minElements ?? options.minElements
    if weight.source.count <= minimum { return .leave("has no more than \(minimum) elements") }
    try StoredForm.check(scheme, opset: function.opset)
    return try decide(weight, scheme)
  }

  private func matches(_ patterns: [NamePattern], _ weight: Weight) -> Bool {
    patterns.contains { pattern in weight.names.contains { pattern.matches($0) } }
  }

  private func decide(_ weight: Weight, _ scheme: QuantizationScheme) throws -> Decision {
    let shape = weight.source.shape
    if case .perTensor = scheme.granularity {
      guard let layout = BlockLayout(shape: shape, blockShape: shape) else {
        return .leave("is empty")
      }
      return .quantize(scheme, layout, nil, note: nil)
    }
    guard let axes = weight.axes else {
      let operations = weight.operations.joined(separator: " and ")
      return .leave("its uses (\(operations)) disagree about its channel axes")
    }
    if let layout = axes.layout(shape, scheme.granularity) {
      return .quantize(scheme, layout, axes, note: nil)
    }
    return try undivided(weight, scheme, axes)
  }

  private func undivided(
    _ weight: Weight, _ scheme: QuantizationScheme, _ axes: ChannelAxes
  ) throws -> Decision {
    let shape = weight.source.shape
    let reason = "its \(shape[axes.input]) input channels do not divide into \(scheme.granularity)"
    guard options.indivisible == .perChannel else {
      throw Diagnostic.undivided(weight, shape, reason)
    }
    guard let layout = axes.layout(shape, .perChannel) else { return .leave("is empty") }
    return .quantize(
      scheme.with(.perChannel), layout, axes, note: "quantized per channel: \(reason)")
  }

  // MARK: Rewriting

  private mutating func keep(compressed id: ValueID) {
    guard let type = function.values[id].type.tensor, let shape = type.fixedShape,
      let bytes = type.dtype.byteCount(type.count ?? 0)
    else { return }
    entries.append(
      QuantizationReport.Entry(
        function: function.name, name: function.values[id].name, operations: [], shape: shape,
        dtype: type.dtype, scheme: nil, bytesBefore: bytes, bytesAfter: bytes,
        note: "is compressed already"))
  }

  private mutating func replaceConstants(in block: inout Block) {
    for index in block.operations.indices {
      for nested in block.operations[index].blocks.indices {
        replaceConstants(in: &block.operations[index].blocks[nested])
      }
      let old = block.operations[index]
      guard old.type == "const", let id = old.outputs.first, var new = replacements[id] else {
        continue
      }
      new.name = old.name
      new.outputs = old.outputs
      new.attributes = old.attributes
      new.origin = old.origin
      block.operations[index] = new
      function.values[id].constant = nil
      function.values[id].isConstantExpression = true
    }
  }
}

extension Diagnostic {
  fileprivate static func undivided(_ weight: Weight, _ shape: [Int], _ reason: String)
    -> Diagnostic
  {
    .error(
      .unsupportedArgument, "weight '\(weight.name)' of shape \(shape): \(reason)",
      fix: "choose a block size that divides it, or let such weights be quantized per channel")
  }
}
