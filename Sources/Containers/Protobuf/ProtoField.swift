// SPDX-License-Identifier: Apache-2.0
import CProtobufC

/// One field of a message type, as protobuf-c describes it.
struct ProtoField: @unchecked Sendable {
  let descriptor: UnsafePointer<ProtobufCFieldDescriptor>

  /// How the value lies in the C structure of its message.
  enum Kind {
    case int32, int64, uint32, uint64, float, double, bool, string, bytes, message
  }

  var name: String { String(cString: descriptor.pointee.name) }
  var number: UInt32 { descriptor.pointee.id }
  var isRepeated: Bool { descriptor.pointee.label == PROTOBUF_C_LABEL_REPEATED }
  var isOptional: Bool { descriptor.pointee.label == PROTOBUF_C_LABEL_OPTIONAL }
  var isOneofMember: Bool {
    descriptor.pointee.flags & UInt32(PROTOBUF_C_FIELD_FLAG_ONEOF.rawValue) != 0
  }
  var offset: Int { Int(descriptor.pointee.offset) }
  /// Offset of the element count, the presence flag or the case of the oneof.
  var quantifierOffset: Int { Int(descriptor.pointee.quantifier_offset) }

  var kind: Kind {
    switch descriptor.pointee.type {
    case PROTOBUF_C_TYPE_INT32, PROTOBUF_C_TYPE_SINT32, PROTOBUF_C_TYPE_SFIXED32,
      PROTOBUF_C_TYPE_ENUM:
      .int32
    case PROTOBUF_C_TYPE_INT64, PROTOBUF_C_TYPE_SINT64, PROTOBUF_C_TYPE_SFIXED64: .int64
    case PROTOBUF_C_TYPE_UINT32, PROTOBUF_C_TYPE_FIXED32: .uint32
    case PROTOBUF_C_TYPE_UINT64, PROTOBUF_C_TYPE_FIXED64: .uint64
    case PROTOBUF_C_TYPE_FLOAT: .float
    case PROTOBUF_C_TYPE_DOUBLE: .double
    case PROTOBUF_C_TYPE_BOOL: .bool
    case PROTOBUF_C_TYPE_STRING: .string
    case PROTOBUF_C_TYPE_BYTES: .bytes
    default: .message
    }
  }

  /// The wire type of one value that is not packed.
  var wireType: UInt8 {
    switch descriptor.pointee.type {
    case PROTOBUF_C_TYPE_FLOAT, PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_SFIXED32: 5
    case PROTOBUF_C_TYPE_DOUBLE, PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_SFIXED64: 1
    case PROTOBUF_C_TYPE_STRING, PROTOBUF_C_TYPE_BYTES, PROTOBUF_C_TYPE_MESSAGE: 2
    default: 0
    }
  }

  /// The type of the messages that this field holds, or nil when it holds none.
  var messageSchema: ProtoSchema? {
    guard descriptor.pointee.type == PROTOBUF_C_TYPE_MESSAGE,
      let pointer = descriptor.pointee.descriptor
    else { return nil }
    return ProtoSchema(pointer.assumingMemoryBound(to: ProtobufCMessageDescriptor.self))
  }

  func isNamed(_ key: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let name = descriptor.pointee.name else { return false }
    for (index, byte) in key.enumerated() where UInt8(bitPattern: name[index]) != byte {
      return false
    }
    return name[key.count] == 0
  }

  /// What a value of this field is, in words for messages.
  var kindInWords: String {
    let word =
      switch kind {
      case .int32, .int64: "signed integer"
      case .uint32, .uint64: "unsigned integer"
      case .float: "float"
      case .double: "double"
      case .bool: "bool"
      case .string: "string"
      case .bytes: "bytes"
      case .message: messageSchema?.shortName ?? "message"
      }
    return isRepeated ? "list of " + word : word
  }
}
