// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics

extension ModelDescription {
  /// Reads a `ModelDescription`. Throws `.malformed`.
  init(_ message: ProtoMessage) throws(Diagnostic) {
    let named = message.messages("functions")
    var functions: [FunctionInterface] = []
    for function in named { functions.append(try FunctionInterface(function)) }
    if named.isEmpty {
      functions = [try FunctionInterface(message, named: "main")]
    } else if let field = ["input", "output", "state"].first(where: { message.has($0) }) {
      throw .description("it names functions and has '\(field)' beside them")
    }
    var trainingInputs: [Feature] = []
    for feature in message.messages("trainingInput") {
      trainingInputs.append(try Feature(feature, role: "training input"))
    }
    self.init(
      functions: functions, namesFunctions: !named.isEmpty,
      defaultFunctionName: message.string("defaultFunctionName"),
      metadata: ModelMetadata(message.inner("metadata")), trainingInputs: trainingInputs)
    try checkNames()
  }

  private func checkNames() throws(Diagnostic) {
    var names = Set<String>()
    for function in functions where !names.insert(function.name).inserted {
      throw .description("the function '\(function.name)' is described twice")
    }
    guard namesFunctions, !names.contains(defaultFunctionName) else { return }
    throw .description("the default function '\(defaultFunctionName)' is not described")
  }

  func message() -> ProtoMessage {
    var message = ProtoMessage(.modelDescription)
    if namesFunctions {
      message.set("functions", functions.map { $0.message() })
    } else if let function = functions.first {
      function.fill(&message)
    }
    message.set("defaultFunctionName", defaultFunctionName)
    message.set("trainingInput", trainingInputs.map { $0.message() })
    if metadata != ModelMetadata() { message.edit("metadata") { metadata.fill(&$0) } }
    return message
  }
}

extension FunctionInterface {
  fileprivate init(_ message: ProtoMessage, named name: String? = nil) throws(Diagnostic) {
    self.init(
      name: name ?? message.string("name"),
      inputs: try Self.features(message, "input"), outputs: try Self.features(message, "output"),
      states: try Self.features(message, "state"),
      predictedFeatureName: message.string("predictedFeatureName"),
      predictedProbabilitiesName: message.string("predictedProbabilitiesName"))
  }

  private static func features(
    _ message: ProtoMessage, _ role: String
  ) throws(Diagnostic) -> [Feature] {
    var features: [Feature] = []
    var names = Set<String>()
    for entry in message.messages(role) {
      let feature = try Feature(entry, role: role)
      if !names.insert(feature.name).inserted {
        throw .description("the \(role) '\(feature.name)' is described twice")
      }
      features.append(feature)
    }
    return features
  }

  fileprivate func message() -> ProtoMessage {
    var message = ProtoMessage(.functionDescription)
    message.set("name", name)
    fill(&message)
    return message
  }

  /// Sets the fields that a function's description and the model's have in common.
  fileprivate func fill(_ message: inout ProtoMessage) {
    message.set("input", inputs.map { $0.message() })
    message.set("output", outputs.map { $0.message() })
    message.set("state", states.map { $0.message() })
    message.set("predictedFeatureName", predictedFeatureName)
    message.set("predictedProbabilitiesName", predictedProbabilitiesName)
  }
}

extension ModelMetadata {
  fileprivate init(_ message: ProtoMessage) {
    self.init(
      shortDescription: message.string("shortDescription"),
      version: message.string("versionString"), author: message.string("author"),
      license: message.string("license"),
      userDefined: Dictionary(message.stringEntries("userDefined")) { _, last in last })
  }

  fileprivate func fill(_ message: inout ProtoMessage) {
    message.set("shortDescription", shortDescription)
    message.set("versionString", version)
    message.set("author", author)
    message.set("license", license)
    message.setEntries("userDefined", userDefined.sorted { $0.key < $1.key })
  }
}

extension Diagnostic {
  fileprivate static func description(_ what: String) -> Diagnostic {
    .error(.malformed, "the model's description: \(what)")
  }
}
