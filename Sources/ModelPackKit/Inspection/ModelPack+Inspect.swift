// SPDX-License-Identifier: Apache-2.0
import CoreMLPackage
import Diagnostics
import MIL

extension ModelPack {
  /// What is in the package at `path`.
  ///
  /// - Parameter findsMinimumTarget: whether to hold all operations against older targets, which
  ///   takes most of the time.
  public static func inspect(
    _ path: String, findsMinimumTarget: Bool = true
  ) throws -> Inspection {
    try Inspection(contentsOf: path, findsMinimumTarget: findsMinimumTarget)
  }

  /// Writes an HTML page about the weights of the package at `path`: what takes the bytes, and the
  /// distributions of the largest weights.
  public static func writeReport(
    of path: String, to file: String, overwrite: Bool = false
  ) throws {
    let place = try TextOutput(file, overwrite: overwrite)
    try place.write(WeightPage(WeightReport(ModelPackage(contentsOf: path), of: path)).html)
  }

  /// The program of the package at `path` in the text form of MIL.
  public static func programText(_ path: String) throws -> String {
    try ModelPackage(contentsOf: path).program.text
  }

  /// The operations of the package at `path`, without constants.
  public static func operations(_ path: String) throws -> [OperationSummary] {
    let program = try ModelPackage(contentsOf: path).program
    return program.functions.flatMap { function in
      OperationSummary.list(function.body, function, depth: 0)
    }
  }
}

/// One operation of a program.
public struct OperationSummary: Hashable, Sendable {
  public var function: String
  public var type: String
  public var name: String
  /// How many blocks it lies in.
  public var depth: Int
  /// Types of the results.
  public var results: [String]
  /// Where it comes from, if the package says so.
  public var origin: String

  static func list(_ block: Block, _ function: Function, depth: Int) -> [OperationSummary] {
    block.operations.flatMap { operation -> [OperationSummary] in
      if operation.type == "const" { return [] }
      let own = OperationSummary(
        function: function.name, type: operation.type, name: operation.name, depth: depth,
        results: operation.outputs.map { "\(function.values[$0].type)" },
        origin: operation.origin?.description ?? "")
      return [own] + operation.blocks.flatMap { list($0, function, depth: depth + 1) }
    }
  }
}
