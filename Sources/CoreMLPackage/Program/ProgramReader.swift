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
    for (name, function) in functions.sorted(by: { $0.key < $1.key }) {
      if self.function(name) != nil {
        throw Diagnostic.malformed("the program has two functions called '\(name)'")
      }
      self.functions.append(
        try FunctionReader.read(
          name, function, interface: description.function(name), weights: weights))
    }
    let constants = ConstantReader(weights: weights)
    var types = TypeReader()
    for (key, value) in message.entries("attributes") {
      if attributes.contains(where: { $0.name == key }) {
        throw Diagnostic.malformed("the program has the attribute '\(key)' twice")
      }
      attributes.append(Attribute(key, try constants.constant(value, &types)))
    }
    preserved = try message.preservedUnknownFields()
  }
}
