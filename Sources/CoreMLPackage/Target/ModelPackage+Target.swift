// SPDX-License-Identifier: Apache-2.0
package import Diagnostics
package import MIL
import Tensors

extension ModelPackage {
  /// Everything in the package that `target` cannot express, each with where it comes from:
  /// operations, operands, dtypes of inputs, outputs, states and weights, and flexible shapes.
  package func violations(
    of target: DeploymentTarget, catalogue: Catalogue = .standard
  ) -> [Diagnostic] {
    var found: [Diagnostic] = []
    if specificationVersion > target.specificationVersion {
      found.append(.tooNew(specificationVersion, target))
    }
    return found + contentViolations(of: target, catalogue)
  }

  /// `violations` but for the version that the package declares.
  private func contentViolations(
    of target: DeploymentTarget, _ catalogue: Catalogue
  ) -> [Diagnostic] {
    requirements.compactMap { $0.violation(of: target) }
      + MIL.violations(of: program, for: target.opset, catalogue: catalogue)
  }

  /// The oldest target that could take what the package holds, were it converted for it, and what
  /// keeps it from an older one.
  package func targetNeeds(catalogue: Catalogue = .standard) -> TargetNeeds {
    var minimum: DeploymentTarget?
    for version in (6...10).reversed() {
      guard let target = DeploymentTarget(specificationVersion: version) else { continue }
      // Only what stands in a later function's opset can need a later opset.
      if version > specificationVersion { continue }
      let found = contentViolations(of: target, catalogue)
      if !found.isEmpty { return TargetNeeds(minimum: minimum, found) }
      minimum = target
    }
    return TargetNeeds(minimum: minimum, [])
  }
}

/// The oldest target that a package could have, and why.
package struct TargetNeeds: Sendable {
  package struct Reason: Sendable {
    /// The first of its kind.
    package let diagnostic: Diagnostic
    /// How many there are with the same message.
    package let count: Int
  }

  /// `nil` where not even the declared version takes all there is.
  package let minimum: DeploymentTarget?
  /// What the target before `minimum` does not take; where there is no minimum, what no target
  /// takes.
  package let reasons: [Reason]

  init(minimum: DeploymentTarget?, _ violations: [Diagnostic]) {
    self.minimum = minimum
    var order: [String] = []
    var groups: [String: [Diagnostic]] = [:]
    for violation in violations {
      if groups[violation.message] == nil { order.append(violation.message) }
      groups[violation.message, default: []].append(violation)
    }
    reasons = order.compactMap { message in
      guard let group = groups[message] else { return nil }
      return Reason(diagnostic: group[0], count: group.count)
    }
  }
}

extension ModelPackage {
  /// What the description and the weights need of a target.
  private var requirements: [Requirement] {
    var found: [Requirement] = []
    if description.namesFunctions {
      found.append(Requirement(9, "the model has functions by name"))
    }
    for interface in description.functions {
      found += interface.requirements.map { requirement in
        guard description.functions.count > 1 else { return requirement }
        var copy = requirement
        copy.notes.append("in the function '\(interface.name)'")
        return copy
      }
    }
    for function in program.functions { found += weightRequirements(function) }
    return found
  }

  private func weightRequirements(_ function: Function) -> [Requirement] {
    var found: [Requirement] = []
    visit(function.body) { operation in
      for id in operation.outputs where operation.type == "const" {
        guard let constant = function.values[id].constant else { continue }
        found += requirement(constant, function.values[id].name, operation.location)
      }
      for input in operation.inputs {
        for case .literal(let constant) in input.arguments {
          found += requirement(constant, "\(operation.name).\(input.name)", operation.location)
        }
      }
    }
    return found
  }

  private func visit(_ block: Block, _ body: (Operation) -> Void) {
    for operation in block.operations {
      body(operation)
      for nested in operation.blocks { visit(nested, body) }
    }
  }

  /// Wider types than fp16, fp32 and 8-bit integers go into the program where the weight file of a
  /// target cannot hold them; those narrower than a byte have no other place.
  private func requirement(
    _ constant: Constant, _ name: String, _ location: Location
  ) -> [Requirement] {
    guard let dtype = constant.type.tensor?.dtype, dtype.isSubByte else { return [] }
    let what = "the weight '\(name)' is \(dtype.rawValue)"
    return [Requirement(dtype.weightFileVersion, what, at: location)]
  }
}

extension Diagnostic {
  fileprivate static func tooNew(_ version: Int, _ target: DeploymentTarget) -> Diagnostic {
    .error(
      .unsupportedByTarget,
      "the package has specification version \(version) (\(DeploymentTarget.name(ofVersion: version)))"
        + "; \(target.name) loads at most \(target.specificationVersion)",
      fix: "convert the source again with --target \(target.name)")
  }
}
