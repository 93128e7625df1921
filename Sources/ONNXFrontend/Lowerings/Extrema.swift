// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Any number of tensors combined element by element; shapes broadcast.
  static let extrema: [ONNXLowering] = [
    variadic("Max", since: 8, "maximum", .init(integers: Dim.max, floats: { Swift.max($0, $1) })),
    variadic("Min", since: 8, "minimum", .init(integers: Dim.min, floats: { Swift.min($0, $1) })),
    variadic("Sum", since: 8, "add", .init(integers: { $0 + $1 }, floats: { $0 + $1 })),
    mean,
  ]

  private static func variadic(
    _ source: String, since: Int, _ mil: String, _ known: Known.Binary
  ) -> ONNXLowering {
    ONNXLowering(
      source, since: since, "inputs*",
      fold: { node in
        let items = try node.variadic().map { node.lowering.known($0) }
        guard var total = items.first ?? nil else { return nil }
        for item in items.dropFirst() {
          guard let item, let next = Known.combine(total, item, by: known) else { return nil }
          total = next
        }
        return total
      }
    ) { node, build in try build.combined(node, mil) }
  }

  private static let mean = ONNXLowering("Mean", since: 8, "inputs*") { node, build in
    let sum = try build.combined(node, "add")
    return try build.mil.mul(x: sum, y: .float(1 / Double(node.inputs.count)))
  }
}

extension FunctionBuilder {
  fileprivate func combined(_ node: NodeCall, _ mil: String) throws -> Value {
    let values = try node.values()
    guard var total = values.first else { throw node.fault(.malformed, "has no inputs") }
    if values.count == 1 { return try self.mil.identity(x: total) }
    for value in values.dropFirst() { total = try emit(mil, ["x": total, "y": value])[0] }
    return total
  }
}
