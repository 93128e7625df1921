// SPDX-License-Identifier: Apache-2.0
package import MIL

/// A Core ML model of the ML Program kind, as an `.mlpackage` holds it.
///
/// What the reader finds and does not model is carried along, so that reading and writing a
/// package loses nothing. Weights stay in the files they were read from until they are written.
package struct ModelPackage: Sendable {
  /// 6 (iOS 15) to 10 (iOS 26): the format, and the oldest system that loads the model.
  package var specificationVersion: Int
  package var isUpdatable: Bool
  package var description: ModelDescription
  package var program: Program
  /// Items of the package beside the model and its weights.
  package var items: [PackageItem]
  /// Files beside `Manifest.json` that no item lists: where they are now, by name.
  package var looseFiles: [String: String] = [:]
  /// Unknown fields of the model, and of its description as it was read.
  var preserved = Preserved()
  var preservedDescription = Preserved()

  package init(
    specificationVersion: Int, description: ModelDescription, program: Program,
    isUpdatable: Bool = false, items: [PackageItem] = []
  ) {
    self.specificationVersion = specificationVersion
    self.description = description
    self.program = program
    self.isUpdatable = isUpdatable
    self.items = items
  }

  /// The function that runs when none is named.
  package var defaultFunction: Function? {
    if description.namesFunctions { return program.function(description.defaultFunctionName) }
    return program.function("main") ?? program.functions.first
  }
}

/// A file or folder that a package carries for others.
package struct PackageItem: Hashable, Sendable {
  /// Relative to the package's `Data` folder.
  package var path: String
  package var name: String
  package var author: String
  package var description: String
  /// Where its content is now.
  package var source: String

  package init(
    path: String, name: String, author: String, description: String, source: String
  ) {
    self.path = path
    self.name = name
    self.author = author
    self.description = description
    self.source = source
  }
}
