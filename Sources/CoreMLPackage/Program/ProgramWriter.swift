// SPDX-License-Identifier: Apache-2.0
import Containers
import MIL

extension Program {
  /// The program as a `Program` message; weights get their places in `constants`.
  func message(_ constants: inout ConstantWriter) throws -> ProtoMessage {
    var message = ProtoMessage(.milProgram)
    message.set("version", version)
    message.set("docString", docString)
    var entries: [(key: String, value: ProtoMessage)] = []
    for function in functions.sorted(by: { $0.name < $1.name }) {
      entries.append((function.name, try FunctionWriter.message(function, &constants)))
    }
    message.setEntries("functions", entries)
    var values: [(key: String, value: ProtoMessage)] = []
    for attribute in attributes.sorted(by: { $0.name < $1.name }) {
      values.append((attribute.name, try constants.message(attribute.value)))
    }
    message.setEntries("attributes", values)
    try message.addUnknownFields(preserved)
    return message
  }
}
