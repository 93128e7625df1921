// SPDX-License-Identifier: Apache-2.0
import Tensors

extension TextPrinter {
  /// `{val = int32[2] [0, 1], note = string[] "x"}`.
  static func attributes(_ attributes: [Attribute], _ options: TextOptions) -> String {
    let items = attributes.map { "\(word($0.name)) = \(constant($0.value, options))" }
    return "{" + items.joined(separator: ", ") + "}"
  }

  /// `int32[2] [0, 1]`, `string[] "x"`, `float16[64, 64] weights(1f…)`, `list(…)`.
  static func constant(_ constant: Constant, _ options: TextOptions) -> String {
    switch constant.payload {
    case .tensor(let data): return tensor(data, options)
    case .weights(let source):
      if isSmall(constant, options), let data = try? source.materialized() {
        return tensor(data, options)
      }
      return "\(TensorType(source.dtype, fixed: source.shape)) weights(\(identity(source)))"
    case .strings(let values, let shape):
      return "\(TensorType(.string, fixed: shape)) "
        + elements(values.map(quoted), isScalar: shape.isEmpty)
    case .list(let items):
      let type = constant.declaredType.map { "\($0)" } ?? "list"
      return type + sequence(items.map { Self.constant($0, options) })
    case .tuple(let items): return "tuple" + sequence(items.map { Self.constant($0, options) })
    case .dictionary(let pairs):
      let type = constant.declaredType.map { "\($0)" } ?? "dictionary"
      return type
        + sequence(
          pairs.map { "\(Self.constant($0.key, options)): \(Self.constant($0.value, options))" })
    }
  }

  private static func sequence(_ items: [String]) -> String {
    "(" + items.joined(separator: ", ") + ")"
  }

  private static func elements(_ items: [String], isScalar: Bool) -> String {
    isScalar && items.count == 1 ? items[0] : "[" + items.joined(separator: ", ") + "]"
  }

  private static func tensor(_ data: TensorData, _ options: TextOptions) -> String {
    let type = "\(TensorType(data.dtype, fixed: data.shape)) "
    guard data.count <= options.mostElements else {
      return type + "weights(\(ContentHash.of(data.bytes)))"
    }
    guard let items = data.literals else {
      return type + "bytes(" + quoted(hexadecimal(data.bytes)) + ")"
    }
    return type + elements(items, isScalar: data.shape.isEmpty)
  }

  static func isSmall(_ constant: Constant, _ options: TextOptions) -> Bool {
    switch constant.payload {
    case .tensor(let data): data.count <= options.mostElements
    case .weights(let source): source.count <= options.mostElements && !(source is ElidedSource)
    case .strings(let values, _): values.count <= options.mostElements
    default: false
    }
  }

  /// What tells a weight from others, in one word.
  private static func identity(_ source: any WeightSource) -> String {
    if let elided = source as? ElidedSource { return word(elided.id) }
    return word("\(ContentHash.of(Array(source.key.utf8)))")
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

extension TensorData {
  /// The elements as text that reads back exactly; `nil` for types without a decimal form.
  var literals: [String]? {
    switch dtype {
    case .bool: bools.map { $0 ? "true" : "false" }
    case .float16: doubles.map { Float16($0).description }
    case .float32: floats.map(\.description)
    case .float64: doubles.map(\.description)
    case .bfloat16: floats.map(\.description)
    case .int4, .int8, .int16, .int32, .int64: ints.map(\.description)
    case .uint1, .uint2, .uint3, .uint4, .uint6, .uint8, .uint16, .uint32: ints.map(\.description)
    case .uint64, .string, .float8e4m3fn, .float8e5m2, .complex64, .complex128: nil
    }
  }
}
