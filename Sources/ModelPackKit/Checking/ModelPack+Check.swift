// SPDX-License-Identifier: Apache-2.0
package import CoreMLPackage
public import Diagnostics
import MIL

extension ModelPack {
  /// Everything in the package at `path` that `target` (`iOS17`, `macOS14`) cannot express; empty
  /// where the target runs it.
  ///
  /// Throws a `Diagnostic` for a package that cannot be read or a target that does not exist.
  public static func check(_ path: String, target: String) throws -> [Diagnostic] {
    let wanted = try DeploymentTarget(parsing: target)
    let package = try ModelPackage(contentsOf: path)
    return package.violations(of: wanted).map { $0.inFile(path) }
  }

  /// The spelling of `target` as modelpack has it. Throws `.usage` with a suggestion.
  public static func canonicalTarget(_ target: String) throws -> String {
    try DeploymentTarget(parsing: target).name
  }

  /// Every target, by generation.
  public static var targets: [String] { DeploymentTarget.all.map(\.name) }
}

extension ModelPackage {
  /// What stands between the package and `target`.
  package func violations(of target: DeploymentTarget) -> [Diagnostic] {
    var problems: [Diagnostic] = []
    if specificationVersion > target.specificationVersion {
      problems.append(.tooNew(specificationVersion, target))
    }
    return problems + MIL.violations(of: program, for: target.opset)
  }
}

extension Diagnostic {
  fileprivate static func tooNew(_ version: Int, _ target: DeploymentTarget) -> Diagnostic {
    .error(
      .unsupportedByTarget,
      "the package has specification version \(version), and \(target.name) loads those up to "
        + "\(target.specificationVersion)",
      fix: "convert the source again with --target \(target.name)")
  }
}
