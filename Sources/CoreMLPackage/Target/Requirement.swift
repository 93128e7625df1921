// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// Something in a package that not every system takes.
struct Requirement {
  /// The specification version that first takes it; `nil` where none does.
  var version: Int?
  /// What it is: `the input 'x' is float16`.
  var what: String
  /// What to do about it where a later target is no help.
  var remedy: String?
  var location: Location?
  var notes: [String] = []

  init(_ version: Int?, _ what: String, fix remedy: String? = nil, at location: Location? = nil) {
    self.version = version
    self.what = what
    self.remedy = remedy
    self.location = location
  }

  /// The diagnostic for `target`, if it does not take this.
  func violation(of target: DeploymentTarget) -> Diagnostic? {
    if let version, version <= target.specificationVersion { return nil }
    let message =
      version == nil
      ? "\(what), which Core ML does not support" : "\(what), which \(target.name) does not support"
    let later = version.map { "use a target of \(DeploymentTarget.name(ofVersion: $0)) or later" }
    return .error(
      .unsupportedByTarget, at: location, message, notes: notes, fix: remedy ?? later)
  }
}
