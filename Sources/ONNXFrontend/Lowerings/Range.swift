// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  static let range: [ONNXLowering] = [
    ONNXLowering(
      "Range", since: 11, "start limit delta", attributes: "stash_type",
      fold: { node in
        guard let start = try node.known("start")?.ints?.first,
          let limit = try node.known("limit")?.ints?.first,
          let delta = try node.known("delta")?.ints?.first
        else { return nil }
        guard delta != 0 else { throw node.fault(.malformed, "input 'delta' is 0") }
        let span = delta > 0 ? limit - start : start - limit
        let count = max(0, (span + abs(delta) - 1) / abs(delta))
        return count > Known.limit
          ? nil : Known(ints: (0..<count).map { start + $0 * delta })
      }
    ) { node, build in
      let (start, limit, delta) = (
        try node.value("start"), try node.value("limit"), try node.value("delta")
      )
      let value = try build.mil.range_1d(
        end: build.single(limit), start: build.single(start), step: build.single(delta))
      guard let count = try node.rangeCount() else { return value }
      return try build.refined(value, [count])
    }
  ]
}

extension NodeCall {
  /// The number of elements, where start, limit and a positive delta are extents.
  fileprivate func rangeCount() throws -> Dim? {
    guard let start = try known("start")?.dims?.first, let limit = try known("limit")?.dims?.first,
      let delta = try known("delta")?.ints?.first, delta > 0
    else { return nil }
    let span = limit - start
    guard let lower = build.symbols.bounds(span).lower, lower >= 0 else { return nil }
    return .floorDiv(span + .fixed(delta - 1), .fixed(delta))
  }
}

extension FunctionBuilder {
  /// A scalar: some exporters write vectors of one element.
  func single(_ value: Value) throws -> Value {
    let rank = try self.rank(of: value)
    return rank == 0 ? value : try mil.squeeze(x: value, axes: .ints(Array(0..<rank)))
  }
}
