// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ONNXLowering {
  static let attention: [ONNXLowering] = [
    .several(
      "Attention", since: 23, "Q K V attn_mask? past_key? past_value? nonpad_kv_seqlen?",
      attributes: "is_causal kv_num_heads left_window_size q_num_heads qk_matmul_output_mode "
        + "right_window_size scale softcap softmax_precision"
    ) { node, build in try AttentionNode(node, build).results() }
  ]
}

/// One attention node. Heads are axis 1 of everything here: `[batch, heads, length, size]`.
private struct AttentionNode {
  private let node: NodeCall
  private let build: FunctionBuilder
  private let query: Value
  /// Keys and values with those of the past before them, as the outputs have them.
  private let presentKey: Value
  private let presentValue: Value
  private let isFlat: Bool
  private let size: Dim
  private let keyLength: Dim
  private let queryLength: Dim
  private let pastLength: Dim

  init(_ node: NodeCall, _ build: FunctionBuilder) throws {
    self.node = node
    self.build = build
    let shape = try node.shape("Q")
    let isFlat = shape.count == 3
    guard shape.count == 3 || shape.count == 4 else {
      throw node.fault(.malformed, "input 'Q' has rank \(shape.count), not 3 or 4")
    }
    func split(_ name: String, _ heads: String) throws -> Value {
      let x = try node.value(name)
      guard isFlat else { return x }
      let (extents, count) = (try build.shape(of: x), Dim.fixed(try node.int(heads)))
      guard count.fixed ?? 0 > 0 else {
        throw node.fault(.malformed, "attribute '\(heads)' is \(count)")
      }
      let parted = try build.reshape(
        x, to: [extents[0], extents[1], count, .floorDiv(extents[2], count)])
      return try build.transpose(parted, [0, 2, 1, 3])
    }
    query = try split("Q", "q_num_heads")
    let key = try split("K", "kv_num_heads")
    let value = try split("V", "kv_num_heads")
    let hasPast = node.has("past_key")
    self.isFlat = isFlat
    presentKey =
      hasPast
      ? try build.mil.concat(values: .many([node.value("past_key"), key]), axis: 2) : key
    presentValue =
      hasPast
      ? try build.mil.concat(values: .many([node.value("past_value"), value]), axis: 2) : value
    pastLength = hasPast ? try node.shape("past_key")[2] : 0
    size = try build.shape(of: query)[3]
    queryLength = try build.shape(of: query)[2]
    keyLength = try build.shape(of: presentKey)[2]
  }

  func results() throws -> [Value] {
    let heads = try build.shape(of: query)[1]
    let keys = try repeated(presentKey, heads)
    let values = try repeated(presentValue, heads)
    let allowed = try allowed()
    var results: [Value]
    if try isPlain() {
      results = [try fused(keys, values, allowed), presentKey, presentValue]
    } else {
      let (y, scores) = try explicit(keys, values, allowed)
      results = [y, presentKey, presentValue, scores]
    }
    if isFlat {
      let merged = try build.transpose(results[0], [0, 2, 1, 3])
      let shape = try build.shape(of: merged)
      results[0] = try build.reshape(merged, to: [shape[0], shape[1], shape[2] * shape[3]])
    }
    return results
  }

  /// Keys or values with every head as often as queries share it.
  private func repeated(_ x: Value, _ heads: Dim) throws -> Value {
    let shape = try build.shape(of: x)
    if shape[1] == heads { return x }
    guard let own = shape[1].fixed, let wanted = heads.fixed, own > 0, wanted % own == 0 else {
      throw node.fault(.malformed, "\(heads) query heads share \(shape[1]) key heads")
    }
    let wide = try build.mil.expand_dims(x: x, axes: [2])
    let tiled = try build.mil.tile(x: wide, reps: [1, 1, wanted / own, 1, 1])
    return try build.reshape(tiled, to: [shape[0], heads, shape[2], shape[3]])
  }

  // MARK: Masks

  /// Which keys each query sees, as far as that is a matter of places; `nil` for all.
  private func allowed() throws -> Value? {
    var masks: [Value] = []
    let rows = try build.reshape(build.counting(queryLength), to: [queryLength, 1])
    let columns = try build.reshape(build.counting(keyLength), to: [1, keyLength])
    var places = try build.mil.add(x: rows, y: .dim(pastLength))
    if let lengths = try node.optional("nonpad_kv_seqlen") {
      let batch = try build.mil.expand_dims(
        x: build.cast(lengths, to: .int32), axes: [1, 2, 3])
      masks.append(try build.mil.less(x: columns, y: batch))
      if !node.has("past_key") {
        places = try build.mil.add(
          x: rows, y: build.mil.sub(x: batch, y: .dim(queryLength)))
      }
    }
    let left = try node.int("left_window_size", default: -1)
    let right = try node.int("right_window_size", default: -1)
    if try node.flag("is_causal") {
      masks.append(try build.mil.less_equal(x: columns, y: places))
    }
    if left >= 0 {
      let first = try build.mil.sub(x: places, y: .int(left))
      masks.append(try build.mil.greater_equal(x: columns, y: first))
    }
    if right >= 0 {
      let last = try build.mil.add(x: places, y: .int(right))
      masks.append(try build.mil.less_equal(x: columns, y: last))
    }
    return try joined(masks)
  }

  private func joined(_ masks: [Value]) throws -> Value? {
    guard var all = masks.first else { return nil }
    for mask in masks.dropFirst() { all = try build.mil.logical_and(x: all, y: mask) }
    return all
  }

  /// The mask that is given, as long as there are keys.
  private func given() throws -> Value? {
    guard let mask = try node.optional("attn_mask") else { return nil }
    let shape = try build.shape(of: mask)
    guard let own = shape.last?.fixed, let wanted = keyLength.fixed, own < wanted, own != 1 else {
      return mask
    }
    var rest = shape
    rest[rest.count - 1] = .fixed(wanted - own)
    let dtype = try build.dtype(of: mask)
    let filler =
      try dtype == .bool
      ? build.cast(build.fill(rest, 0, .int32), to: .bool) : build.fill(rest, -.infinity, dtype)
    return try build.mil.concat(values: .many([mask, filler]), axis: -1)
  }

  // MARK: Arithmetic

  private func scale() throws -> Double {
    if let scale = try node.optionalFloat("scale"), scale != 0 { return scale }
    guard let size = size.fixed, size > 0 else {
      throw node.fault(.unsupportedArgument, "the size of a head is not fixed", fix: "give 'scale'")
    }
    return 1 / Double(size).squareRoot()
  }

  /// Whether Core ML's own attention does it: no row is masked whole, nothing else is asked for.
  private func isPlain() throws -> Bool {
    guard build.opset >= .iOS18, !node.has("attn_mask"), !node.has("nonpad_kv_seqlen"),
      !node.isUsed(3), size.isFixed
    else { return false }
    return try node.float("softcap", default: 0) == 0
  }

  private func fused(_ keys: Value, _ values: Value, _ allowed: Value?) throws -> Value {
    guard let width = size.fixed else { throw node.fault(.internalError, "no head size") }
    let factor = try scale() * Double(width).squareRoot()
    let scaled = abs(factor - 1) < 1e-6 ? query : try build.mil.mul(x: query, y: .float(factor))
    return try build.mil.scaled_dot_product_attention(
      query: scaled, key: keys, value: values, attn_mask: allowed)
  }

  /// The output, and the scores at the stage that output 3 asks for.
  private func explicit(
    _ keys: Value, _ values: Value, _ places: Value?
  ) throws -> (Value, Value) {
    let mode = try node.int("qk_matmul_output_mode", default: 0)
    var stages: [Value] = []
    var scores = try build.mil.matmul(
      x: build.mil.mul(x: query, y: .float(scale())), y: keys, transpose_y: true)
    stages.append(scores)
    let cap = try node.float("softcap", default: 0)
    if cap > 0 {
      let bent = try build.mil.tanh(x: build.mil.real_div(x: scores, y: .float(cap)))
      scores = try build.mil.mul(x: bent, y: .float(cap))
    }
    stages.append(scores)
    var masks = places.map { [$0] } ?? []
    if let mask = try given() {
      if try build.dtype(of: mask) == .bool {
        masks.append(mask)
      } else {
        let typed = try build.cast(mask, to: build.dtype(of: scores))
        let sees = try build.mil.greater(x: typed, y: .float(-.infinity))
        masks.append(sees)
        scores = try build.mil.add(
          x: scores,
          y: build.mil.select(cond: sees, a: typed, b: build.scalar(0, like: typed)))
      }
    }
    let allowed = try joined(masks)
    if let allowed {
      let hidden = node.isUsed(3) ? -Double.infinity : -1e30
      scores = try build.mil.select(
        cond: allowed, a: scores, b: build.scalar(hidden, like: scores))
    }
    stages.append(scores)
    var weights = try build.mil.softmax(x: scores, axis: -1)
    if let allowed {
      // A query that sees no key gives zeros.
      weights = try build.mil.select(
        cond: allowed, a: weights, b: build.scalar(0, like: weights))
    }
    stages.append(weights)
    guard stages.indices.contains(mode) else {
      throw node.fault(.malformed, "attribute 'qk_matmul_output_mode' is \(mode), not 0 to 3")
    }
    return (try build.mil.matmul(x: weights, y: values), stages[mode])
  }
}
