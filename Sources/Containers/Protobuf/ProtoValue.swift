// SPDX-License-Identifier: Apache-2.0

/// The value of one field of a message; the plural cases are those of repeated fields.
package enum ProtoValue: Sendable {
  /// Any signed integer type, and enumerations.
  case int(Int64)
  case uint(UInt64)
  case float(Float)
  case double(Double)
  case bool(Bool)
  case string(String)
  case bytes(ProtoBytes)
  case message(ProtoMessage)

  case ints([Int64])
  case uints([UInt64])
  case floats([Float])
  case doubles([Double])
  case bools([Bool])
  case strings([String])
  case bytesList([ProtoBytes])
  case messages([ProtoMessage])
}

/// The content of a `bytes` field.
package enum ProtoBytes: Sendable, Hashable {
  case owned([UInt8])
  /// Left in the buffer that was decoded, because it is larger than the threshold given there.
  case range(offset: Int, count: Int)

  package var count: Int {
    switch self {
    case .owned(let bytes): bytes.count
    case .range(_, let count): count
    }
  }
}

/// A field that the schema does not declare, kept as it was read.
package struct ProtoUnknownField: Sendable, Hashable {
  package let number: UInt32
  /// 0 varint, 1 eight bytes, 2 length and content, 5 four bytes.
  package let wireType: UInt8
  /// What follows the tag, the length included.
  package let bytes: [UInt8]

  package init(number: UInt32, wireType: UInt8, bytes: [UInt8]) {
    self.number = number
    self.wireType = wireType
    self.bytes = bytes
  }
}

extension ProtoValue {
  /// Whether a field without presence that holds this value counts as absent.
  var isDefault: Bool {
    switch self {
    case .int(let value): value == 0
    case .uint(let value): value == 0
    case .float(let value): value.bitPattern == 0
    case .double(let value): value.bitPattern == 0
    case .bool(let value): !value
    case .string(let value): value.isEmpty
    case .bytes(let value): value.count == 0
    case .message: false
    default: isEmptyList
    }
  }

  var isEmptyList: Bool {
    switch self {
    case .ints(let list): list.isEmpty
    case .uints(let list): list.isEmpty
    case .floats(let list): list.isEmpty
    case .doubles(let list): list.isEmpty
    case .bools(let list): list.isEmpty
    case .strings(let list): list.isEmpty
    case .bytesList(let list): list.isEmpty
    case .messages(let list): list.isEmpty
    default: false
    }
  }
}
