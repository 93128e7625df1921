// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL

/// One step of a view chain: how to take it, and how to write through it.
package enum ViewStep {
  /// Axis `axis` at `index`, the axis dropped.
  case select(axis: Int, index: Dim)
  /// `extent` elements of `axis` from `start`, every `step`-th.
  case slice(axis: Int, start: Dim, extent: Dim, step: Int)
  case permute([Int])
  case unsqueeze(axis: Int)
  case squeeze(axes: [Int])
  case reshape([Dim])
  case expand([Dim])
  /// A view that can be taken, and written through where `put` gives the base with its elements
  /// replaced.
  case opaque(
    (Value, FunctionBuilder) throws -> Value,
    put: ((_ base: Value, _ value: Value, FunctionBuilder) throws -> Value)? = nil)

  /// What the step shows of `value`.
  package func apply(to value: Value, _ build: FunctionBuilder) throws -> Value {
    switch self {
    case .select, .slice: return try SliceWindow([self], of: value, build).read(value, build)
    case .permute(let axes): return try build.mil.transpose(x: value, perm: .ints(axes))
    case .unsqueeze(let axis): return try build.mil.expand_dims(x: value, axes: .ints([axis]))
    case .squeeze(let axes):
      return axes.isEmpty ? value : try build.mil.squeeze(x: value, axes: .ints(axes))
    case .reshape(let shape): return try build.reshape(value, to: shape)
    case .expand(let shape): return try build.expand(value, to: shape)
    case .opaque(let take, _): return try take(value, build)
    }
  }

  /// `base` with the elements that `steps` show replaced by `value`.
  ///
  /// Selections and slices at the base become one `slice_update` of it.
  package static func write(
    _ value: Value, through steps: ArraySlice<ViewStep>, of base: Value, _ build: FunctionBuilder
  ) throws -> Value {
    guard let first = steps.first else { return value }
    let window = steps.prefix { $0.isWindow }
    if !window.isEmpty {
      let slices = try SliceWindow(Array(window), of: base, build)
      let rest = steps.dropFirst(window.count)
      let update =
        rest.isEmpty ? value : try write(value, through: rest, of: slices.read(base, build), build)
      return try slices.update(base, with: update, build)
    }
    let inner = try write(
      value, through: steps.dropFirst(), of: first.apply(to: base, build), build)
    return try first.undo(inner, of: base, build)
  }

  private var isWindow: Bool {
    switch self {
    case .select, .slice: true
    default: false
    }
  }

  /// The value of the base whose view, all of which this step shows, is `value`.
  private func undo(_ value: Value, of base: Value, _ build: FunctionBuilder) throws -> Value {
    switch self {
    case .permute(let axes):
      var inverse = axes
      for (new, old) in axes.enumerated() { inverse[old] = new }
      return try build.mil.transpose(x: value, perm: .ints(inverse))
    case .unsqueeze(let axis): return try build.mil.squeeze(x: value, axes: .ints([axis]))
    case .squeeze(let axes):
      return axes.isEmpty ? value : try build.mil.expand_dims(x: value, axes: .ints(axes))
    case .reshape: return try build.reshape(value, to: build.shape(of: base))
    case .expand(let shape) where try shape.reduce(1, *) == build.shape(of: base).reduce(1, *):
      // Nothing is repeated: only axes were added.
      return try build.reshape(value, to: build.shape(of: base))
    case .opaque(_, put: .some(let put)): return try put(base, value, build)
    case .expand, .opaque, .select, .slice:
      throw Diagnostic.error(
        .unsupportedOperation, at: build.origin,
        "a write through an expanded or reinterpreted view cannot be expressed",
        fix: "write to the tensor itself, or to a slice of it")
    }
  }
}

/// A run of selections and slices as one window of the base: what `slice_by_index` and
/// `slice_update` take.
struct SliceWindow {
  private var begin: [Dim]
  private var end: [Dim]
  private var step: [Int]
  /// Base axes that were selected, and so are absent from the view.
  private var squeezed: [Bool]

  init(_ steps: [ViewStep], of base: Value, _ build: FunctionBuilder) throws {
    let shape = try build.shape(of: base)
    begin = shape.map { _ in 0 }
    end = shape
    step = shape.map { _ in 1 }
    squeezed = shape.map { _ in false }
    for view in steps {
      switch view {
      case .select(let axis, let index):
        let k = try baseAxis(axis)
        begin[k] = begin[k] + index * .fixed(step[k])
        end[k] = begin[k] + 1
        step[k] = 1
        squeezed[k] = true
      case .slice(let axis, let start, let extent, let by):
        let k = try baseAxis(axis)
        begin[k] = begin[k] + start * .fixed(step[k])
        step[k] *= by
        // One past the last element taken.
        end[k] = extent == 0 ? begin[k] : begin[k] + (extent - 1) * .fixed(step[k]) + 1
      default: break
      }
    }
  }

  private func baseAxis(_ axis: Int) throws -> Int {
    let kept = squeezed.indices.filter { !squeezed[$0] }
    guard kept.indices.contains(axis) else {
      throw Diagnostic.error(.malformed, "a view along axis \(axis) of a rank-\(kept.count) tensor")
    }
    return kept[axis]
  }

  func read(_ base: Value, _ build: FunctionBuilder) throws -> Value {
    let shape = try build.shape(of: base)
    // An axis taken whole needs no extent at run time.
    let whole = shape.indices.map {
      begin[$0] == 0 && end[$0] == shape[$0] && step[$0] == 1 && !squeezed[$0]
    }
    if whole.allSatisfy({ $0 }) { return base }
    return try build.mil.slice_by_index(
      x: base, begin: bounds(begin, whole), end: bounds(end, whole),
      stride: step.contains { $0 != 1 } ? .ints(step) : nil,
      begin_mask: whole.contains(true) ? .bools(whole) : nil,
      end_mask: whole.contains(true) ? .bools(whole) : nil,
      squeeze_mask: squeezed.contains(true) ? .bools(squeezed) : nil)
  }

  func update(_ base: Value, with update: Value, _ build: FunctionBuilder) throws -> Value {
    let shape = try build.shape(of: base)
    let whole = shape.indices.map {
      begin[$0] == 0 && end[$0] == shape[$0] && step[$0] == 1 && !squeezed[$0]
    }
    if whole.allSatisfy({ $0 }) { return update }
    if build.opset < .iOS18 { return try concatenated(base, update, build) }
    // MIL takes no scalar update: that of a selected element of a vector keeps its axis.
    let isElement = !squeezed.contains(false)
    let dropped = isElement ? squeezed.map { _ in false } : squeezed
    let update = isElement ? try build.reshape(update, to: shape.map { _ in 1 }) : update
    return try build.mil.slice_update(
      x: base, update: update, begin: bounds(begin, whole), end: bounds(end, whole),
      stride: step.contains { $0 != 1 } ? .ints(step) : nil,
      begin_mask: whole.contains(true) ? .bools(whole) : nil,
      end_mask: whole.contains(true) ? .bools(whole) : nil,
      squeeze_mask: dropped.contains(true) ? .bools(dropped) : nil)
  }

  private func bounds(_ dims: [Dim], _ whole: [Bool]) -> Value {
    .dims(zip(dims, whole).map { $1 ? 0 : $0 })
  }

  /// Before `slice_update`: the parts around the window, axis by axis, joined with the update.
  private func concatenated(
    _ base: Value, _ update: Value, _ build: FunctionBuilder
  ) throws -> Value {
    let shape = try build.shape(of: base)
    let dropped = squeezed.indices.filter { squeezed[$0] }
    var inner =
      dropped.isEmpty ? update : try build.mil.expand_dims(x: update, axes: .ints(dropped))
    if step.contains(where: { $0 != 1 }) { inner = try filled(inner, of: base, build) }
    // From the innermost partial axis outward, each level joins within the window of those outside.
    let partial = shape.indices.filter { !(begin[$0] == 0 && end[$0] == shape[$0]) }
    for axis in partial.reversed() {
      var low = shape.map { _ in Dim.fixed(0) }
      var high = shape
      for outer in partial where outer < axis {
        (low[outer], high[outer]) = (begin[outer], end[outer])
      }
      var parts: [Value] = []
      if begin[axis] != 0 {
        var top = high
        top[axis] = begin[axis]
        parts.append(try build.mil.slice_by_index(x: base, begin: .dims(low), end: .dims(top)))
      }
      parts.append(inner)
      if end[axis] != shape[axis] {
        var bottom = low
        bottom[axis] = end[axis]
        parts.append(try build.mil.slice_by_index(x: base, begin: .dims(bottom), end: .dims(high)))
      }
      inner = try build.mil.concat(values: .many(parts), axis: .int(axis))
    }
    return inner
  }

  /// The window with all of its elements, of which `update` replaces every n-th.
  private func filled(
    _ update: Value, of base: Value, _ build: FunctionBuilder
  ) throws -> Value {
    // From the outermost strided axis inward: the lines that are written to, with what they hold.
    var window = try build.mil.slice_by_index(x: base, begin: .dims(begin), end: .dims(end))
    var held: [(axis: Int, places: [Int], lines: Value)] = []
    for axis in step.indices where step[axis] != 1 {
      guard let extent = (end[axis] - begin[axis]).fixed else {
        throw Diagnostic.error(
          .unsupportedByTarget, at: build.origin,
          "a write to every n-th element of a flexible axis needs slice_update",
          fix: "use a target of iOS18 or later")
      }
      let places = Array(stride(from: 0, to: extent, by: step[axis]))
      held.append((axis, places, window))
      window = try build.gather(window, .ints(places), axis: axis)
    }
    return try held.reversed().reduce(update) { inner, level in
      try build.asNumber(level.lines) { lines in
        try build.scatter(
          lines, at: .ints(level.places), build.cast(inner, to: build.dtype(of: lines)),
          axis: level.axis, mode: "update")
      }
    }
  }
}
