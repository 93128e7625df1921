// SPDX-License-Identifier: Apache-2.0
import MIL
import Tensors

extension ONNXLowering {
  /// Comparisons of pairs of elements; shapes broadcast.
  static let comparisons: [ONNXLowering] =
    [
      comparison("Greater", 7, "greater", { $0 > $1 }),
      comparison("GreaterOrEqual", 12, "greater_equal", { $0 >= $1 }),
      comparison("Less", 7, "less", { $0 < $1 }),
      comparison("LessOrEqual", 12, "less_equal", { $0 <= $1 }),
    ] + [equal, isInf, isNaN]

  private static func comparison(
    _ source: String, _ since: Int, _ mil: String,
    _ test: @escaping @Sendable (Double, Double) -> Bool
  ) -> ONNXLowering {
    ONNXLowering(
      source, since: since, "A B", result: .dtype(.bool), fold: { try $0.compared(test) }
    ) { node, build in
      try build.emit(mil, ["x": node.value("A"), "y": node.value("B")])[0]
    }
  }

  private static let equal = ONNXLowering(
    "Equal", since: 7, "A B", result: .dtype(.bool), fold: { try $0.compared { $0 == $1 } }
  ) { node, build in
    let (a, b) = (try node.value("A"), try node.value("B"))
    if try build.dtype(of: a) == .bool {
      return try build.mil.logical_not(x: build.mil.logical_xor(x: a, y: b))
    }
    return try build.mil.equal(x: a, y: b)
  }

  private static let isInf = ONNXLowering(
    "IsInf", since: 10, "X", attributes: "detect_negative detect_positive", result: .dtype(.bool)
  ) { node, build in
    let x = try node.value("X")
    let positive = try node.flag("detect_positive", default: true)
    let negative = try node.flag("detect_negative", default: true)
    switch (positive, negative) {
    case (true, true):
      return try build.mil.equal(x: build.mil.abs(x: x), y: .float(.infinity))
    case (true, false): return try build.mil.equal(x: x, y: .float(.infinity))
    case (false, true): return try build.mil.equal(x: x, y: .float(-.infinity))
    // Never true, whatever the element.
    case (false, false): return try build.mil.less(x: build.mil.abs(x: x), y: .float(0))
    }
  }

  private static let isNaN = ONNXLowering("IsNaN", since: 9, "X", result: .dtype(.bool)) {
    node, build in
    let x = try node.value("X")
    return try build.mil.not_equal(x: x, y: x)
  }
}

extension NodeCall {
  /// The comparison of elements that are known. Extents compare where their bounds decide.
  fileprivate func compared(_ test: @Sendable (Double, Double) -> Bool) throws -> Known? {
    guard let a = try known("A"), let b = try known("B") else { return nil }
    let symbols = build.symbols
    return Known.compare(a, b, bounds: symbols.bounds, by: test)
  }
}
