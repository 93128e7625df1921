// SPDX-License-Identifier: Apache-2.0
import CoreMLPackage
public import Diagnostics

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
