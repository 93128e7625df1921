// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL

extension ModelPackage {
  /// Throws `.malformed` unless the description says what the functions take and return.
  func checkInterfaces() throws {
    for interface in description.functions {
      guard let function = program.function(interface.name) else {
        throw Diagnostic.malformed(
          "the description has the function '\(interface.name)', the program has not")
      }
      try function.check(interface)
    }
    if description.namesFunctions {
      for function in program.functions where description.function(function.name) == nil {
        throw Diagnostic.malformed("the function '\(function.name)' is not described")
      }
    }
  }
}

extension Function {
  fileprivate func check(_ interface: FunctionInterface) throws {
    let taken = inputs.map { values[$0] }
    let returned = body.outputs.map { values[$0] }
    for (role, features, infos) in [
      ("input", interface.inputs, taken.filter { $0.type.state == nil }),
      ("state", interface.states, taken.filter { $0.type.state != nil }),
      ("output", interface.outputs, returned),
    ] {
      try checkNames(role, features.map(\.name), infos.map(\.name))
      for feature in features {
        guard let info = infos.first(where: { $0.name == feature.name }) else { continue }
        try check(role, feature, info.type)
      }
    }
  }

  private func checkNames(_ role: String, _ described: [String], _ found: [String]) throws {
    if let name = described.first(where: { !found.contains($0) }) {
      throw Diagnostic.malformed(
        "the description has the \(role) '\(name)', the function '\(self.name)' has not")
    }
    if let name = found.first(where: { !described.contains($0) }) {
      throw Diagnostic.malformed(
        "the \(role) '\(name)' of the function '\(self.name)' is not described")
    }
  }

  private func check(_ role: String, _ feature: Feature, _ type: ValueType) throws {
    guard let array = feature.array, let tensor = type.tensor ?? type.state else { return }
    if let dtype = array.dtype, dtype != tensor.dtype {
      throw Diagnostic.malformed(
        "the \(role) '\(feature.name)' is described as \(dtype.rawValue) but is "
          + tensor.dtype.rawValue)
    }
    guard array.shape.count == tensor.rank else { return }
    for (extent, dim) in zip(array.shape, tensor.shape) where dim.fixed ?? extent != extent {
      throw Diagnostic.malformed(
        "the \(role) '\(feature.name)' is described with shape \(array.shape) but is \(tensor)")
    }
  }
}
