// SPDX-License-Identifier: Apache-2.0
import CoreMLPackage
import MIL
import Tensors

/// Finds what in a package is as new as the target it is written for.
struct Requirements {
  private var found: [String: Int] = [:]
  private let newest: Opset

  static func of(_ package: ModelPackage) -> [Inspection.Requirement] {
    guard let opset = Opset(specificationVersion: package.specificationVersion), opset > .iOS15
    else { return [] }
    var search = Requirements(newest: opset)
    for function in package.program.functions { search.visit(function) }
    if package.program.functions.count > 1, opset == .iOS18 {
      search.found["several functions", default: 0] = package.program.functions.count
    }
    return search.found.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { .init(what: $0.key, target: "\(opset)", count: $0.value) }
  }

  private init(newest: Opset) {
    self.newest = newest
  }

  private mutating func visit(_ function: Function) {
    for id in function.inputs + function.body.outputs {
      let type = function.values[id].type
      if type.state != nil, newest == .iOS18 { found["states", default: 0] += 1 }
      if type.tensor?.dtype == .float16, newest == .iOS16 {
        found["float16 inputs and outputs", default: 0] += 1
      }
      if type.tensor?.dtype == .int8, newest == .iOS26 {
        found["int8 inputs and outputs", default: 0] += 1
      }
    }
    visit(function.body)
  }

  private mutating func visit(_ block: Block) {
    for operation in block.operations {
      if let spec = Catalogue.standard[operation.type], spec.since == newest {
        found[operation.type, default: 0] += 1
      }
      for nested in operation.blocks { visit(nested) }
    }
  }
}
