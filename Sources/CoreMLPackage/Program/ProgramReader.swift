// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import MIL

extension Program {
  /// Reads a `Program` message. `description` bounds the extents that the program leaves open.
  init(_ message: ProtoMessage, description: ModelDescription, weights: WeightFiles) throws {
    self.init()
    version = Int(message.int("version"))
    docString = message.string("docString")
    let functions = message.entries("functions")
    if functions.isEmpty { throw Diagnostic.malformed("the program has no functions") }
    let interfaces = Dictionary(
      description.functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for (name, function) in functions.sorted(by: { $0.key < $1.key }) {
      if self.functions.last?.name == name {
        throw Diagnostic.malformed("the program has two functions called '\(name)'")
      }
      self.functions.append(
        try FunctionReader.read(name, function, interface: interfaces[name], weights: weights))
    }
    let constants = ConstantReader(weights: weights)
    var types = TypeReader()
    var keys = Set<String>()
    for (key, value) in message.entries("attributes") {
      if !keys.insert(key).inserted {
        throw Diagnostic.malformed("the program has the attribute '\(key)' twice")
      }
      attributes.append(Attribute(key, try constants.constant(value, &types)))
    }
    preserved = try message.preservedUnknownFields()
  }
}
