// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Tensors

extension FunctionBuilder {
  /// The result of an operation that only rearranges or casts a constant, as a constant: a recipe
  /// over the same file instead of an operation that would run every time.
  func folded(_ type: String, _ inputs: [(String, Value?)]) throws -> Value? {
    guard Self.foldable.contains(type), let x = value("x", inputs),
      let constant = constant(of: x), let source = constant.source
    else { return nil }
    guard let result = try view(of: source, type, inputs) else { return nil }
    let name = x.id.map { function.values[$0].name } ?? nameHint ?? type
    let isInline = if case .tensor = constant.payload { true } else { result.count < 10 }
    let folded = isInline ? Constant(try result.materialized()) : Constant(result)
    return .ssa(addConst(name, folded))
  }

  private static let foldable: Set<String> = [
    "transpose", "reshape", "expand_dims", "squeeze", "cast", "slice_by_index",
  ]

  private func value(_ name: String, _ inputs: [(String, Value?)]) -> Value? {
    inputs.first { $0.0 == name }?.1
  }

  private func ints(_ name: String, _ inputs: [(String, Value?)]) throws -> [Int]? {
    guard let value = value(name, inputs), let dims = try dims(of: value) else { return nil }
    let fixed = dims.compactMap(\.fixed)
    return fixed.count == dims.count ? fixed : nil
  }

  private func view(
    of source: any WeightSource, _ type: String, _ inputs: [(String, Value?)]
  ) throws -> (any WeightSource)? {
    let rank = source.rank
    switch type {
    case "transpose":
      guard let axes = try ints("perm", inputs), axes.count == rank else { return nil }
      let order = axes.map { $0 < 0 ? $0 + rank : $0 }
      guard order.sorted() == Array(0..<rank) else { return nil }
      return try WeightView.permute(source, order)
    case "reshape":
      guard let shape = try ints("shape", inputs), !shape.contains(0) else { return nil }
      return try reshaped(source, shape)
    case "expand_dims":
      guard let axes = try ints("axes", inputs) else { return nil }
      return try expanded(source, axes)
    case "squeeze":
      guard let axes = try ints("axes", inputs) else { return nil }
      let gone = axes.map { $0 < 0 ? $0 + rank : $0 }
      guard gone.allSatisfy({ source.shape.indices.contains($0) && source.shape[$0] == 1 }) else {
        return nil
      }
      return try WeightView.reshape(
        source, source.shape.indices.filter { !gone.contains($0) }.map { source.shape[$0] })
    case "cast": return try cast(source, inputs)
    case "slice_by_index": return try sliced(source, inputs)
    default: return nil
    }
  }

  private func reshaped(_ source: any WeightSource, _ shape: [Int]) throws -> (any WeightSource)? {
    var shape = shape
    if let wild = shape.firstIndex(of: -1) {
      shape[wild] = 1
      guard let rest = elementCount(shape), rest != 0, source.count % rest == 0 else { return nil }
      shape[wild] = source.count / rest
    }
    guard elementCount(shape) == source.count else { return nil }
    return try WeightView.reshape(source, shape)
  }

  private func expanded(_ source: any WeightSource, _ axes: [Int]) throws -> (any WeightSource)? {
    let rank = source.rank + axes.count
    let new = Set(axes.map { $0 < 0 ? $0 + rank : $0 })
    guard new.count == axes.count, new.allSatisfy({ (0..<rank).contains($0) }) else { return nil }
    var old = source.shape[...]
    let shape = (0..<rank).map { new.contains($0) ? 1 : old.removeFirst() }
    return try WeightView.reshape(source, shape)
  }

  private func cast(
    _ source: any WeightSource, _ inputs: [(String, Value?)]
  ) throws -> (any WeightSource)? {
    guard case .string(let name)? = value("dtype", inputs), let dtype = DType(milName: name) else {
      return nil
    }
    // MIL truncates floats toward zero, as the conversion of sources does.
    return try CastSource.cast(source, to: dtype)
  }

  private func sliced(
    _ source: any WeightSource, _ inputs: [(String, Value?)]
  ) throws -> (any WeightSource)? {
    guard let begin = try ints("begin", inputs), let end = try ints("end", inputs),
      begin.count == source.rank, end.count == source.rank
    else { return nil }
    let steps = try ints("stride", inputs) ?? begin.map { _ in 1 }
    guard steps.allSatisfy({ $0 > 0 }), steps.count == source.rank else { return nil }
    let (open, close) = (mask("begin_mask", inputs), mask("end_mask", inputs))
    let squeeze = mask("squeeze_mask", inputs)
    guard [open, close, squeeze].allSatisfy({ ($0?.count ?? source.rank) == source.rank }) else {
      return nil
    }
    var starts: [Int] = []
    var extents: [Int] = []
    for (axis, extent) in source.shape.enumerated() {
      let first = open?[axis] ?? false ? 0 : clampedBound(begin[axis], extent)
      let last = close?[axis] ?? false ? extent : clampedBound(end[axis], extent)
      let isPoint = squeeze?[axis] ?? false
      guard isPoint ? first < extent : first <= last else { return nil }
      starts.append(first)
      extents.append(isPoint ? 1 : (last - first + steps[axis] - 1) / steps[axis])
    }
    let window = try WeightView.slice(source, starts: starts, shape: extents, steps: steps)
    guard let squeeze else { return window }
    return try WeightView.reshape(
      window, extents.indices.filter { !squeeze[$0] }.map { extents[$0] })
  }

  private func clampedBound(_ bound: Int, _ extent: Int) -> Int {
    min(max(bound < 0 ? bound + extent : bound, 0), extent)
  }

  private func mask(_ name: String, _ inputs: [(String, Value?)]) -> [Bool]? {
    guard let value = value(name, inputs) else { return nil }
    if case .bools(let flags) = value { return flags }
    return (try? constant(of: value)?.smallTensor())?.bools
  }
}
