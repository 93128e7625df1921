// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension CompressionChoice {
  /// A dense weight that is pruned, and whose other elements are stored as `values`.
  func pruned(
    _ pruning: PruningScheme, _ values: CompressionScheme.Values
  ) throws -> Decision {
    try pruning.validate()
    try SparseForm.check(values, opset: opset)
    if weight.source.count == 0 { return .leave("is empty") }
    if pruning == .stored { return .leave("is not sparse") }
    if pruning.group != nil && weight.operations.contains("gather") {
      return try unpruned("is a table, which is not made \(pruning)", values)
    }
    guard let axes = weight.axes ?? (pruning.group == nil ? ChannelAxes(output: 0, input: 1) : nil)
    else {
      let operations = weight.operations.joined(separator: " and ")
      return try unpruned("its uses (\(operations)) disagree about its channel axes", values)
    }
    guard let mask = PrunedMask.mask(weight.source, pruning, axes: axes) else {
      return try unpruned("has fewer than two groups of channels to be made \(pruning)", values)
    }
    if case .threshold(_, let share) = pruning {
      let count = weight.source.count
      let zeros = Double(count - (try KeptElements(mask).count)) / Double(count)
      if zeros < share {
        let (found, wanted) = (PruningScheme.percent(zeros), PruningScheme.percent(share))
        return try unpruned(
          "only \(found) of it would be zero, and less than \(wanted) is not worth it", values)
      }
    }
    return try sparse(mask, pruning, values)
  }

  /// A weight that keeps all its elements: it is dense still, or stored as `values`.
  private func unpruned(
    _ reason: String, _ values: CompressionScheme.Values
  ) throws -> Decision {
    guard values != .dense, case .compress(let compressed, let note) = try stored(values) else {
      return .leave(reason)
    }
    return .compress(compressed, note: [reason, note].compactMap { $0 }.joined(separator: "; "))
  }

  /// A weight that is stored sparse already.
  func sparse(_ mask: any SparseMask, _ scheme: CompressionScheme) throws -> Decision {
    if scheme.values == .dense { return .leave("is sparse already") }
    if let pruning = scheme.pruning, pruning != .stored {
      return .leave("is sparse already, and cannot be made \(pruning)")
    }
    if opset < .iOS18 {
      return .leave("is sparse already; to compress what it keeps needs the target iOS18")
    }
    return try sparse(mask, .stored, scheme.values)
  }

  private func sparse(
    _ mask: any SparseMask, _ pruning: PruningScheme, _ values: CompressionScheme.Values
  ) throws -> Decision {
    if values == .dense {
      return .compress(SparseWeight(weight.source, mask, pruning), note: nil)
    }
    var rest = weight
    rest.source = weight.mask == nil ? PrunedSource(weight.source, mask) : weight.source
    rest.mask = mask
    rest.ignoresZeros = try weight.mask == nil || !holdsZeros(mask, values)
    let choice = CompressionChoice(weight: rest, opset: opset, options: options)
    switch try choice.stored(values) {
    case .leave(let reason): return .leave(reason)
    case .compress(let compressed, let note):
      return .compress(
        SparseWeight(weight.source, mask, pruning, stored: compressed), note: note)
    }
  }

  /// Whether zeros are among the elements that `mask` keeps of a weight, where that matters.
  private func holdsZeros(
    _ mask: any SparseMask, _ values: CompressionScheme.Values
  ) throws -> Bool {
    guard case .palette = values else { return false }
    let others = PrunedMask(weight.source, .above(0))
    return try KeptElements(others).count != KeptElements(mask).count
  }
}
