// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// A dtype and a shape whose extents may be symbolic.
package struct TensorType: Hashable, Sendable {
  package var dtype: DType
  package var shape: [Dim]

  package init(_ dtype: DType, _ shape: [Dim]) {
    self.dtype = dtype
    self.shape = shape
  }

  package init(_ dtype: DType, fixed shape: [Int]) {
    self.init(dtype, shape.map { .fixed($0) })
  }

  package var rank: Int { shape.count }
  package var isFixed: Bool { shape.allSatisfy(\.isFixed) }
  /// The extents, where all are numbers.
  package var fixedShape: [Int]? {
    let extents = shape.compactMap(\.fixed)
    return extents.count == shape.count ? extents : nil
  }
  package var count: Int? { fixedShape.flatMap(elementCount) }
}

/// The type of a MIL value.
package indirect enum ValueType: Hashable, Sendable {
  case tensor(TensorType)
  /// A tensor that outlives a prediction, read with `read_state` and written with `write_state`.
  case state(TensorType)
  /// A list of values of one type; `length` is `nil` when it grows.
  case list(ValueType, length: Dim?)
  case tuple([ValueType])
  case dictionary(ValueType, ValueType)

  package static func tensor(_ dtype: DType, _ shape: [Dim]) -> ValueType {
    .tensor(TensorType(dtype, shape))
  }

  package static func tensor(_ dtype: DType, fixed shape: [Int]) -> ValueType {
    .tensor(TensorType(dtype, fixed: shape))
  }

  package static func scalar(_ dtype: DType) -> ValueType { .tensor(dtype, []) }

  package var tensor: TensorType? {
    if case .tensor(let type) = self { type } else { nil }
  }

  package var state: TensorType? {
    if case .state(let type) = self { type } else { nil }
  }
}

extension TensorType: CustomStringConvertible {
  /// `float16[1, T, 64]`.
  package var description: String {
    dtype.rawValue + "[" + shape.map(\.description).joined(separator: ", ") + "]"
  }
}

extension ValueType: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tensor(let type): type.description
    case .state(let type): "state<\(type)>"
    case .list(let type, let length): "list<\(type), \(length?.description ?? "?")>"
    case .tuple(let types): "tuple<\(types.map(\.description).joined(separator: ", "))>"
    case .dictionary(let key, let value): "dictionary<\(key), \(value)>"
    }
  }
}
