// SPDX-License-Identifier: Apache-2.0
import Containers
import Testing

/// A package with exactly one defect, and what is said of it.
struct Defect: CustomTestStringConvertible, Sendable {
  typealias Spoiling = @Sendable (inout SpoiledPackage) throws -> Void

  let name: String
  /// The package of `Fixtures/packages` that is spoiled.
  let sample: String
  /// All that is written, without the path of the folder that holds `x.mlpackage`.
  let message: String
  let exitCode: Int32
  let spoil: Spoiling
  var testDescription: String { name }

  static let usual = "mlp-iOS16-float16"

  init(
    _ name: String, in sample: String = usual, exit exitCode: Int32 = 65, _ message: String,
    _ spoil: @escaping Spoiling
  ) {
    self.name = name
    self.sample = sample
    self.message = "error: x.mlpackage" + message
    self.exitCode = exitCode
    self.spoil = spoil
  }

  /// One text of the manifest in place of another.
  static func manifest(
    _ name: String, exit exitCode: Int32 = 65, _ message: String, replacing old: String,
    by new: String
  ) -> Defect {
    Defect(name, exit: exitCode, " > Manifest.json: " + message) {
      $0.manifest = $0.manifest.replacingOccurrences(of: old, with: new)
    }
  }

  /// A change of the weight file.
  static func weights(
    _ name: String, in sample: String = usual, _ message: String,
    _ change: @escaping @Sendable (inout [UInt8]) -> Void
  ) -> Defect {
    Defect(name, in: sample, " > Data/com.apple.CoreML/model.mlmodel: " + message) {
      change(&$0.weights)
    }
  }

  /// A change of the bytes of the model.
  static func wire(
    _ name: String, _ message: String, _ change: @escaping @Sendable (inout [UInt8]) -> Void
  ) -> Defect {
    Defect(name, " > Data/com.apple.CoreML/model.mlmodel: " + message) { change(&$0.model) }
  }

  /// A change of the model.
  static func model(
    _ name: String, in sample: String = usual, exit exitCode: Int32 = 65, _ message: String,
    _ change: @escaping @Sendable (inout ProtoMessage) throws -> Void
  ) -> Defect {
    Defect(name, in: sample, exit: exitCode, " > Data/com.apple.CoreML/model.mlmodel: " + message) {
      try $0.editModel(change)
    }
  }

  /// A change of the model that is found when the model is loaded to be run.
  static func program(
    _ name: String, in sample: String = usual, exit exitCode: Int32 = 65, _ message: String,
    _ change: @escaping @Sendable (inout ProtoMessage) throws -> Void
  ) -> Defect {
    Defect(name, in: sample, exit: exitCode, ": " + message) { try $0.editModel(change) }
  }
}
