// SPDX-License-Identifier: Apache-2.0
package import CoreMLPackage
import Diagnostics
import MIL

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Inspection {
  /// Reads the package at `path`; weights are not read.
  ///
  /// Throws a `Diagnostic` that says what is wrong with the package.
  public init(contentsOf path: String, findsMinimumTarget: Bool = true) throws {
    try self.init(
      ModelPackage(contentsOf: path), path: path, findsMinimumTarget: findsMinimumTarget)
  }

  package init(
    _ package: ModelPackage, path: String, findsMinimumTarget: Bool = true
  ) throws {
    self.path = path
    specificationVersion = package.specificationVersion
    target = DeploymentTarget.name(ofVersion: package.specificationVersion)
    minimumTarget = findsMinimumTarget ? package.targetNeeds().minimum?.name : nil
    requirements = Requirements.of(package)
    defaultFunction = package.defaultFunction?.name ?? ""
    functions = package.program.functions.map { function in
      let interface = ModelInterface(function, package.description.function(function.name))
      return FunctionSummary(
        name: function.name, operationSet: "\(function.opset)", inputs: interface.inputs,
        outputs: interface.outputs, states: interface.states,
        operations: Self.count(function.body))
    }
    weights = WeightSummary.list(package.program)
    let about = package.description.metadata
    metadata = Metadata(
      shortDescription: about.shortDescription, author: about.author, license: about.license,
      version: about.version, userDefined: about.userDefined)
    bytes = FileSizes.total(path)
  }

  private static func count(_ block: Block) -> [String: Int] {
    var counts: [String: Int] = [:]
    for operation in block.operations {
      counts[operation.type, default: 0] += 1
      for nested in operation.blocks { counts.merge(count(nested), uniquingKeysWith: +) }
    }
    return counts
  }
}

/// Sizes of files on disk.
enum FileSizes {
  /// Bytes of the file at `path`, or of every file in the folder there.
  static func total(_ path: String, depth: Int = 0) -> Int {
    var status = stat()
    guard lstat(path, &status) == 0, depth < 32 else { return 0 }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : 0
    }
    guard let folder = opendir(path) else { return 0 }
    defer { closedir(folder) }
    var sum = 0
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        String(cString: UnsafeRawPointer(pointer).assumingMemoryBound(to: CChar.self))
      }
      if name != "." && name != ".." { sum += total(path + "/" + name, depth: depth + 1) }
    }
    return sum
  }
}
