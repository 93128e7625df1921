// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL
import Tensors

extension ValueType {
  /// Throws `.notRepresentable` for a dtype that programs lack.
  func message() throws -> ProtoMessage {
    var message = ProtoMessage(.milValueType)
    switch self {
    case .tensor(let type): message.set("tensorType", try type.message())
    case .state(let type):
      try message.edit("stateType") { state in
        state.set("wrappedType", try ValueType.tensor(type).message())
      }
    case .list(let element, let length):
      try message.edit("listType") { list in
        list.set("type", try element.message())
        if let length { list.set("length", length.message()) }
      }
    case .tuple(let types):
      try message.edit("tupleType") { $0.set("types", try types.map { try $0.message() }) }
    case .dictionary(let key, let value):
      try message.edit("dictionaryType") { dictionary in
        dictionary.set("keyType", try key.message())
        dictionary.set("valueType", try value.message())
      }
    }
    return message
  }

  /// Whether the two are the same when written: symbols have no names there.
  func isWritten(like other: ValueType) -> Bool {
    switch (self, other) {
    case (.tensor(let a), .tensor(let b)), (.state(let a), .state(let b)):
      a.dtype == b.dtype && a.shape.map(\.fixed) == b.shape.map(\.fixed)
    case (.list(let a, let m), .list(let b, let n)):
      a.isWritten(like: b) && (m == nil) == (n == nil) && m?.fixed == n?.fixed
    case (.tuple(let a), .tuple(let b)):
      a.count == b.count && zip(a, b).allSatisfy { $0.isWritten(like: $1) }
    case (.dictionary(let k, let v), .dictionary(let l, let w)):
      k.isWritten(like: l) && v.isWritten(like: w)
    default: false
    }
  }
}

extension TensorType {
  fileprivate func message() throws -> ProtoMessage {
    guard let code = dtype.milCode else {
      throw Diagnostic.error(.notRepresentable, "a program cannot hold \(dtype.rawValue)")
    }
    var message = ProtoMessage(.milTensorType)
    message.set("dataType", code)
    message.set("rank", rank)
    message.set("dimensions", shape.map { $0.message() })
    return message
  }
}

extension Dim {
  fileprivate func message() -> ProtoMessage {
    var message = ProtoMessage(.milDimension)
    if let fixed {
      message.edit("constant") { $0.set("size", UInt64(Swift.max(0, fixed))) }
    } else {
      message.edit("unknown") { _ in }
    }
    return message
  }
}
