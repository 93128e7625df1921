// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

/// Compresses the weights of one function.
struct FunctionCompressor {
  let options: CompressionOptions
  var function: Function
  /// Compressed weights by key, for weights that are equal.
  var shared: [String: any CompressedWeight]
  var entries: [CompressionReport.Entry] = []
  var problems = DiagnosticCollector()
  private var replacements: [ValueID: WeightExpression] = [:]

  init(options: CompressionOptions, function: Function, shared: [String: any CompressedWeight]) {
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
    for other in search.others where other.source.count > options.minElements { leave(other) }
    var body = function.body
    collected.catching(at: nil) { try replaceConstants(in: &body) }
    function.body = body
    problems = collected
  }

  private mutating func treat(_ weight: Weight) throws {
    var entry = CompressionReport.Entry(
      function: function.name, name: weight.name, operations: weight.operations,
      shape: weight.source.shape, dtype: weight.source.dtype, scheme: nil,
      bytesBefore: weight.storedBytes, bytesAfter: weight.storedBytes)
    switch try decide(weight) {
    case .leave(let reason): entry.note = reason
    case .compress(let fresh, let note):
      let compressed = shared[fresh.key] ?? fresh
      shared[fresh.key] = compressed
      // Tables are also masks; to look at every weight would mean to read it twice.
      if weight.operations == ["gather"], try !compressed.isFinite() {
        var kind = "scale"
        if case .palette = compressed.scheme.values { kind = "palette" }
        entry.note = "holds an infinity or a NaN, which no \(kind) can represent"
        break
      }
      let expression = try compressed.expression(in: function.opset)
      replacements[weight.id] = expression
      entry.scheme = compressed.scheme
      entry.note = note
      entry.bytesAfter = expression.byteCount
      entry.compressed = compressed
    }
    entries.append(entry)
  }

  // MARK: Choosing

  private func decide(_ weight: Weight) throws -> CompressionChoice.Decision {
    switch options.treatment(of: weight) {
    case .leave(let reason): return .leave(reason)
    case .compress(let scheme, _):
      let choice = CompressionChoice(weight: weight, opset: function.opset, options: options)
      return try choice.decide(scheme)
    }
  }

  // MARK: Rewriting

  private mutating func keep(compressed id: ValueID) {
    guard let type = function.values[id].type.tensor, let shape = type.fixedShape,
      let bytes = type.dtype.byteCount(type.count ?? 0)
    else { return }
    entries.append(
      CompressionReport.Entry(
        function: function.name, name: function.values[id].name, operations: [], shape: shape,
        dtype: type.dtype, scheme: nil, bytesBefore: bytes, bytesAfter: bytes,
        note: "is compressed already"))
  }

  private mutating func leave(_ other: WeightSearch.Other) {
    let operations = other.operations.joined(separator: " and ")
    entries.append(
      CompressionReport.Entry(
        function: function.name, name: function.values[other.id].name,
        operations: other.operations, shape: other.source.shape, dtype: other.source.dtype,
        scheme: nil, bytesBefore: other.source.byteCount, bytesAfter: other.source.byteCount,
        note: "is no weight of a product, convolution or look-up (but of \(operations))"))
  }

  private mutating func replaceConstants(in block: inout Block) throws {
    var operations: [Operation] = []
    operations.reserveCapacity(block.operations.count)
    for var old in block.operations {
      for nested in old.blocks.indices { try replaceConstants(in: &old.blocks[nested]) }
      guard let id = old.outputs.first, let expression = replacements[id] else {
        operations.append(old)
        continue
      }
      var new = try function.operations(for: expression, name: old.name, outputs: old.outputs)
      for index in new.indices { new[index].origin = old.origin }
      new[new.count - 1].attributes = old.attributes
      operations += new
      function.values[id].constant = nil
      function.values[id].isConstantExpression = true
    }
    block.operations = operations
  }
}
