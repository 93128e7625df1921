// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ONNXLowering {
  static let slice: [ONNXLowering] = [
    ONNXLowering(
      "Slice", "data", attributes: "axes starts ends",
      fold: { try $0.sliced(Bounds(attributes: $0)) }
    ) { node, build in try build.slice(node, Bounds(attributes: node)) },
    ONNXLowering(
      "Slice", since: 10, "data starts ends axes? steps?",
      fold: { try Bounds(inputs: $0).flatMap($0.sliced) }
    ) { node, build in
      if let bounds = try Bounds(inputs: node) { return try build.slice(node, bounds) }
      return try build.sliceAtRunTime(node)
    },
  ]
}

/// What a slice takes along each of its axes.
private struct Bounds {
  var axes: [Int]
  var starts: [Dim]
  var ends: [Dim]
  var steps: [Int]

  init(attributes node: NodeCall) throws {
    guard let starts = try node.ints("starts"), let ends = try node.ints("ends") else {
      throw node.fault(.malformed, "attribute 'starts' or 'ends' is missing")
    }
    self.starts = starts.map { .fixed($0) }
    self.ends = ends.map { .fixed($0) }
    axes = try node.build.axes(
      node.ints("axes") ?? Array(starts.indices), rank: node.rank("data"), node)
    steps = starts.map { _ in 1 }
    try check(node)
  }

  /// `nil` where starts or ends depend on data.
  init?(inputs node: NodeCall) throws {
    guard let starts = try node.known("starts")?.dims, let ends = try node.known("ends")?.dims
    else {
      return nil
    }
    self.starts = starts
    self.ends = ends
    axes = try node.build.axes(
      node.constantInts("axes") ?? Array(starts.indices), rank: node.rank("data"), node)
    steps = try node.constantInts("steps") ?? starts.map { _ in 1 }
    try check(node)
  }

  private func check(_ node: NodeCall) throws {
    guard ends.count == starts.count, axes.count == starts.count, steps.count == starts.count else {
      throw node.fault(.malformed, "starts, ends, axes and steps have different lengths")
    }
    guard !steps.contains(0) else { throw node.fault(.malformed, "a step is 0") }
  }

  /// First element, bound and count along one axis of `extent`; the bound is `nil` where a slice
  /// backwards reaches the first element.
  func span(
    _ k: Int, of extent: Dim, _ bounds: (Dim) -> (lower: Int?, upper: Int?)
  ) -> (first: Dim, last: Dim?, count: Dim) {
    let step = steps[k]
    let low = step > 0 ? Dim.fixed(0) : .fixed(-1)
    let high = step > 0 ? extent : extent - 1
    let start = clamped(wrapped(starts[k], extent), step > 0 ? .fixed(0) : .fixed(0), high, bounds)
    let end = clamped(wrapped(ends[k], extent), low, high, bounds)
    let room = step > 0 ? end - start : start - end
    let size = clamped(room, .fixed(0), room, bounds)
    let count = Dim.floorDiv(size + .fixed(abs(step) - 1), .fixed(abs(step)))
    return (start, end == -1 ? nil : end, count)
  }

  private func wrapped(_ index: Dim, _ extent: Dim) -> Dim {
    guard let fixed = index.fixed, fixed < 0 else { return index }
    // Far below the start, whatever the extent: no arithmetic that could overflow.
    return fixed < -(1 << 40) ? .fixed(-2) : index + extent
  }

  private func clamped(
    _ value: Dim, _ low: Dim, _ high: Dim, _ bounds: (Dim) -> (lower: Int?, upper: Int?)
  ) -> Dim {
    if let fixed = value.fixed, fixed > 1 << 40 { return high }
    var result = value
    if !atLeast(high - result, bounds) {
      result = atLeast(result - high, bounds) ? high : .min(result, high)
    }
    if !atLeast(result - low, bounds) {
      result = atLeast(low - result, bounds) ? low : .max(result, low)
    }
    return result
  }

  private func atLeast(_ dim: Dim, _ bounds: (Dim) -> (lower: Int?, upper: Int?)) -> Bool {
    if let fixed = dim.fixed { return fixed >= 0 }
    return (bounds(dim).lower ?? -1) >= 0
  }
}

extension NodeCall {
  fileprivate func sliced(_ bounds: Bounds) throws -> Known? {
    guard let data = try known("data"), data.rank == 1, bounds.axes == [0] else { return nil }
    let (first, last, _) = bounds.span(0, of: .fixed(data.count)) { _ in (nil, nil) }
    guard let start = first.fixed, let end = last.map(\.fixed) ?? -1 else { return nil }
    let picks = Array(stride(from: start, to: end, by: bounds.steps[0]))
    return data.picking(picks, shape: [picks.count])
  }
}

extension FunctionBuilder {
  fileprivate func slice(_ node: NodeCall, _ bounds: Bounds) throws -> Value {
    let shape = try node.shape("data")
    var begin = shape.map { _ in Dim.fixed(0) }
    var end = begin
    var step = shape.map { _ in 1 }
    var openBegin = shape.map { _ in true }
    var openEnd = openBegin
    var target = shape
    for (k, axis) in bounds.axes.enumerated() {
      let (first, last, count) = bounds.span(k, of: shape[axis], symbols.bounds)
      step[axis] = bounds.steps[k]
      target[axis] = count
      begin[axis] = first
      openBegin[axis] = step[axis] > 0 ? first == 0 : first == shape[axis] - 1
      if openBegin[axis] { begin[axis] = 0 }
      if let last, step[axis] < 0 || last != shape[axis] {
        end[axis] = last
        openEnd[axis] = false
      }
    }
    let x = try node.value("data")
    if target.contains(0) { return try fill(target, like: x) }
    if target == shape, step.allSatisfy({ $0 == 1 }) { return x }
    let y = try mil.slice_by_index(
      x: x, begin: .dims(begin), end: .dims(end),
      stride: step.allSatisfy { $0 == 1 } ? nil : .ints(step), begin_mask: .bools(openBegin),
      end_mask: .bools(openEnd))
    return try refined(y, target)
  }

  /// Starts and ends are computed when the model runs: they are brought into range there.
  fileprivate func sliceAtRunTime(_ node: NodeCall) throws -> Value {
    let shape = try node.shape("data")
    guard let starts = try node.limit("starts"), let ends = try node.limit("ends"),
      let count = try self.shape(of: starts).first?.fixed
    else {
      throw node.notConstant("starts")
    }
    let axes = try self.axes(
      node.constantInts("axes") ?? Array(0..<count), rank: shape.count, node)
    let steps = try node.constantInts("steps") ?? Array(repeating: 1, count: count)
    guard axes.count == count, steps.count == count, steps.allSatisfy({ $0 > 0 }) else {
      throw node.fault(
        .unsupportedArgument,
        "takes a slice backwards whose bounds are computed when the model runs",
        fix: "export the model with constant bounds")
    }
    var begin = shape.map { _ in Value.ints([0]) }
    var end = shape.map { Value.dims([$0]) }
    var step = shape.map { _ in 1 }
    for (k, axis) in axes.enumerated() {
      begin[axis] = try bound(starts, k, shape[axis])
      end[axis] = try bound(ends, k, shape[axis])
      step[axis] = steps[k]
    }
    return try mil.slice_by_index(
      x: node.value("data"), begin: mil.concat(values: .many(begin), axis: 0),
      end: mil.concat(values: .many(end), axis: 0),
      stride: step.allSatisfy { $0 == 1 } ? nil : .ints(step))
  }

  /// Element `k` of a vector of bounds, counted from the start and within `extent`.
  private func bound(_ values: Value, _ k: Int, _ extent: Dim) throws -> Value {
    let value = try slice(values, axis: 0, from: k, to: k + 1)
    let shifted = try mil.add(x: value, y: .dim(extent))
    let wrapped = try mil.select(cond: mil.less(x: value, y: .int(0)), a: shifted, b: value)
    return try mil.minimum(x: mil.maximum(x: wrapped, y: .int(0)), y: .dim(extent))
  }
}
