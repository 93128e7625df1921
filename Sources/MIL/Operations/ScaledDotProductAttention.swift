// SPDX-License-Identifier: Apache-2.0
import Tensors

extension OpSpec {
  static let transformers: [OpSpec] = [scaledDotProductAttention]

  /// `softmax(query * transpose(key) / sqrt(E) + attn_mask) * value` for `query[B.., L, E]`,
  /// `key[B.., S, E]`, `value[B.., S, V]`; gives `[B.., L, V]`. A bool mask excludes where false.
  ///
  /// C1: the ranks are equal and at least 3. C2: the batch extents are equal (no broadcasting).
  /// C3: `query` and `key` agree in `E`. C4: `key` and `value` agree in `S`.
  /// C5: `attn_mask` ends in `S` and broadcasts to `[B.., L, S]`.
  private static let scaledDotProductAttention = OpSpec(
    "scaled_dot_product_attention", since: .iOS18,
    operands: [
      .tensor("query", .T), .tensor("key", .T), .tensor("value", .T), .optional("attn_mask", .M),
    ],
    domains: [.T: .floats, .M: [.bool, .float16, .float32]],
    constraints: [equalRanks, equalBatches, equalEmbeddings, equalSequences, maskBroadcasts]
  ) { op in
    let query = try op.type(of: "query")
    return [.tensor(query.dtype, query.shape.dropLast() + (try op.shape("value").suffix(1)))]
  }

  private static let equalRanks = Constraint("rank(query) == rank(key) == rank(value) >= 3") {
    op in
    let ranks = try ["query", "key", "value"].map(op.rank)
    guard ranks[0] >= 3, ranks.allSatisfy({ $0 == ranks[0] }) else {
      throw op.fault(
        "'query', 'key' and 'value' have ranks \(ranks[0]), \(ranks[1]) and \(ranks[2]); "
          + "they must be equal and at least 3", .shapeMismatch)
    }
  }

  private static let equalBatches = Constraint("query, key and value have equal batch extents") {
    op in
    let query = try op.shape("query")
    for name in ["key", "value"] {
      let other = try op.shape(name)
      guard op.mayEqual(Array(query.dropLast(2)), Array(other.dropLast(2))) else {
        throw op.fault(
          "the batch extents of 'query' \(op.describe(query)) and '\(name)' "
            + "\(op.describe(other)) differ", .shapeMismatch,
          fix: "repeat '\(name)' to the heads of 'query' first")
      }
    }
  }

  private static let equalEmbeddings = Constraint("query.shape[-1] == key.shape[-1]") { op in
    try requireEqualExtents(op, "query", "key", fromEnd: 1)
  }

  private static let equalSequences = Constraint("key.shape[-2] == value.shape[-2]") { op in
    try requireEqualExtents(op, "key", "value", fromEnd: 2)
  }

  private static func requireEqualExtents(
    _ op: OpContext, _ a: String, _ b: String, fromEnd offset: Int
  ) throws {
    let (x, y) = (try op.shape(a), try op.shape(b))
    guard op.mayEqual(x[x.count - offset], y[y.count - offset]) else {
      throw op.fault(
        "axis -\(offset) of '\(a)' \(op.describe(x)) and '\(b)' \(op.describe(y)) differ",
        .shapeMismatch)
    }
  }

  private static let maskBroadcasts = Constraint("attn_mask broadcasts to [B.., L, S]") { op in
    guard op.has("attn_mask") else { return }
    let mask = try op.shape("attn_mask")
    let scores = try op.shape("query").dropLast() + op.shape("key").dropLast().suffix(1)
    let target = Array(scores)
    let pairs = zip(mask.reversed(), target.reversed()).enumerated()
    let fits =
      (1...target.count).contains(mask.count)
      && pairs.allSatisfy { axis, pair in
        axis > 0 && pair.0 == 1 || op.mayEqual(pair.0, pair.1)
      }
    guard fits else {
      throw op.fault(
        "'attn_mask' \(op.describe(mask)) does not broadcast to \(op.describe(target))",
        .shapeMismatch)
    }
  }
}
