// SPDX-License-Identifier: Apache-2.0

/// What is in a package.
public struct Inspection: Sendable {
  public var path: String
  public var specificationVersion: Int
  /// The iOS release that first loads the package (`iOS18`).
  public var target: String
  /// The oldest target that could take what is in the package, were it written for it; nil where
  /// not even its own does.
  public var minimumTarget: String?
  /// What in the package is as new as its target; empty where nothing is.
  public var requirements: [Requirement]
  public var defaultFunction: String
  public var functions: [FunctionSummary]
  public var weights: [WeightSummary]
  public var metadata: Metadata
  /// Bytes of all files of the package.
  public var bytes: Int

  /// The function that runs unless another is named.
  public var main: FunctionSummary? { functions.first { $0.name == defaultFunction } }
  /// How often each operation occurs in all functions, `const` included.
  public var operations: [String: Int] {
    functions.reduce(into: [:]) { $0.merge($1.operations, uniquingKeysWith: +) }
  }

  /// Something that needs a target, and how often it is there.
  public struct Requirement: Hashable, Sendable {
    public var what: String
    public var target: String
    public var count: Int
  }

  public struct FunctionSummary: Sendable {
    public var name: String
    /// The operation set that the function is written in, as a target (`iOS18`).
    public var operationSet: String
    public var inputs: [FeatureDescription]
    public var outputs: [FeatureDescription]
    public var states: [FeatureDescription]
    /// How often each operation occurs, blocks of operations included.
    public var operations: [String: Int]
  }

  /// A constant in the weight file, with what is needed to decompress it.
  public struct WeightSummary: Hashable, Sendable {
    public var name: String
    public var function: String
    /// The type of the elements as they are stored.
    public var elementType: ElementType
    /// The shape of the weight as operations see it.
    public var shape: [Int]
    /// Bytes of all parts together.
    public var bytes: Int
    /// How it is compressed (`int4 blocks of 32`), or `none`.
    public var compression: String
    /// Where it is used, in every function.
    public var uses: [WeightUse]

    /// Bits that an element takes, scales and tables included.
    public var bitsPerWeight: Double {
      Double(bytes) * 8 / Double(max(1, shape.reduce(1, *)))
    }
  }

  public struct Metadata: Sendable {
    public var shortDescription = ""
    public var author = ""
    public var license = ""
    public var version = ""
    public var userDefined: [String: String] = [:]
  }
}
