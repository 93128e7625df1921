// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// A value known before the program runs.
package struct Constant: Sendable {
  package var payload: Payload
  package var docString: String = ""
  /// The declared type where it says more than the payload (an empty list's element type).
  package var declaredType: ValueType?
  /// The value as a reader found it, where the payload does not say all of it.
  package var preserved = Preserved()

  package enum Payload: Sendable {
    /// Written into the program itself.
    case tensor(TensorData)
    /// A recipe, written to the weight file.
    case weights(any WeightSource)
    /// A string tensor.
    case strings([String], shape: [Int])
    case list([Constant])
    case tuple([Constant])
    case dictionary([(key: Constant, value: Constant)])
  }

  package init(_ payload: Payload) {
    self.payload = payload
  }

  package init(_ data: TensorData) { self.init(.tensor(data)) }
  package init(_ source: any WeightSource) { self.init(.weights(source)) }
  package init(string: String) { self.init(.strings([string], shape: [])) }
  package init(int32 value: Int) {
    self.init(TensorData(int32: [Int32(clamping: value)], shape: []))
  }
  package init(bool value: Bool) { self.init(TensorData(bool: [value], shape: [])) }

  /// The type of the value.
  package var type: ValueType {
    if let declaredType { return declaredType }
    switch payload {
    case .tensor(let data): return .tensor(data.dtype, fixed: data.shape)
    case .weights(let source): return .tensor(source.dtype, fixed: source.shape)
    case .strings(_, let shape): return .tensor(.string, fixed: shape)
    case .list(let items):
      return .list(items.first?.type ?? .scalar(.int32), length: .fixed(items.count))
    case .tuple(let items): return .tuple(items.map(\.type))
    case .dictionary(let pairs):
      return .dictionary(
        pairs.first?.key.type ?? .scalar(.string), pairs.first?.value.type ?? .scalar(.int64))
    }
  }

  /// The tensor in memory, read from its file if need be; `nil` for what is not numbers.
  package func tensorData() throws -> TensorData? {
    switch payload {
    case .tensor(let data): data
    case .weights(let source): try source.materialized()
    default: nil
    }
  }

  /// The elements where the value is a tensor of at most `limit` numbers.
  package func smallTensor(limit: Int = 4096) throws -> TensorData? {
    switch payload {
    case .tensor(let data): data
    case .weights(let source): source.count <= limit ? try source.materialized() : nil
    default: nil
    }
  }

  /// The value as a source that can be viewed and transformed.
  package var source: (any WeightSource)? {
    switch payload {
    case .tensor(let data): MemorySource(data)
    case .weights(let source): source
    default: nil
    }
  }

  package var string: String? {
    if case .strings(let values, _) = payload, values.count == 1 { values[0] } else { nil }
  }
}
