// SPDX-License-Identifier: Apache-2.0
import CProtobufC
import CSchemas

/// A message type of `Schemas/*.proto`.
///
/// Holds a pointer into the constant tables that protoc-c generated, hence the unchecked `Sendable`.
package struct ProtoSchema: Hashable, @unchecked Sendable {
  let descriptor: UnsafePointer<ProtobufCMessageDescriptor>

  init(_ descriptor: UnsafePointer<ProtobufCMessageDescriptor>) {
    self.descriptor = descriptor
  }

  /// The type with this fully qualified name, such as `CoreML.Specification.MILSpec.Value`.
  package init?(named name: String) {
    guard let schema = Self.byName[name] else { return nil }
    self = schema
  }

  /// The fully qualified name.
  package var name: String { String(cString: descriptor.pointee.name) }
  /// The name without its package and enclosing messages.
  package var shortName: String { String(cString: descriptor.pointee.short_name) }
  /// Names of the declared fields in the order of their numbers.
  package var fieldNames: [String] { (0..<fieldCount).map { field(at: $0).name } }

  /// Every message type that `Schemas/*.proto` declare, sorted by name.
  package static let all: [ProtoSchema] = byName.values.sorted { $0.name < $1.name }

  private static let byName: [String: ProtoSchema] = {
    var table: [String: ProtoSchema] = [:]
    var index = 0
    while let message = schemas_message(index) {
      let schema = ProtoSchema(message.assumingMemoryBound(to: ProtobufCMessageDescriptor.self))
      table[schema.name] = schema
      index += 1
    }
    return table
  }()

  /// A type that `Schemas` declare; the name is a literal of this file, so a miss is a defect.
  private static func declared(_ name: String) -> ProtoSchema {
    guard let schema = ProtoSchema(named: name) else {
      fatalError("Schemas declare no message '\(name)'")
    }
    return schema
  }
}

extension ProtoSchema {
  package static let coreMLModel = declared("CoreML.Specification.Model")
  package static let modelDescription = declared("CoreML.Specification.ModelDescription")
  package static let functionDescription = declared("CoreML.Specification.FunctionDescription")
  package static let featureDescription = declared("CoreML.Specification.FeatureDescription")
  package static let featureType = declared("CoreML.Specification.FeatureType")

  package static let milProgram = mil("Program")
  package static let milFunction = mil("Function")
  package static let milBlock = mil("Block")
  package static let milOperation = mil("Operation")
  package static let milArgument = mil("Argument")
  package static let milBinding = mil("Argument.Binding")
  package static let milNamedValueType = mil("NamedValueType")
  package static let milValueType = mil("ValueType")
  package static let milTensorType = mil("TensorType")
  package static let milDimension = mil("Dimension")
  package static let milValue = mil("Value")

  package static let onnxModel = declared("onnx.ModelProto")
  package static let onnxGraph = declared("onnx.GraphProto")
  package static let onnxNode = declared("onnx.NodeProto")
  package static let onnxAttribute = declared("onnx.AttributeProto")
  package static let onnxTensor = declared("onnx.TensorProto")
  package static let onnxValueInfo = declared("onnx.ValueInfoProto")
  package static let onnxType = declared("onnx.TypeProto")
  package static let onnxFunction = declared("onnx.FunctionProto")

  private static func mil(_ name: String) -> ProtoSchema {
    declared("CoreML.Specification.MILSpec." + name)
  }
}

extension ProtoSchema {
  var fieldCount: Int { Int(descriptor.pointee.n_fields) }

  func field(at index: Int) -> ProtoField {
    ProtoField(descriptor: descriptor.pointee.fields + index)
  }

  /// The field called `name`, or nil.
  func field(named name: String) -> ProtoField? {
    var name = name
    return name.withUTF8 { key in
      for index in 0..<fieldCount {
        let field = field(at: index)
        if field.isNamed(key) { return field }
      }
      return nil
    }
  }

  /// The field with this number; `hint` is an index to try first and is left at the field found.
  func field(numbered number: UInt32, hint: inout Int) -> ProtoField? {
    let count = fieldCount
    for index in [hint, hint + 1] where index < count {
      if field(at: index).number == number {
        hint = index
        return field(at: index)
      }
    }
    for index in 0..<count where field(at: index).number == number {
      hint = index
      return field(at: index)
    }
    return nil
  }
}
