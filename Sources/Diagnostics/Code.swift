// SPDX-License-Identifier: Apache-2.0

extension Diagnostic {
  /// What kind of problem a diagnostic reports; decides the exit code of the command line.
  public struct Code: Hashable, Sendable {
    public let name: String
    public let kind: Kind

    public init(_ name: String, _ kind: Kind) {
      self.name = name
      self.kind = kind
    }
  }

  /// The classes of problems that scripts tell apart by exit code (the numbers of sysexits.h).
  public enum Kind: Int32, Hashable, Sendable {
    /// A check or a validation fell short.
    case shortfall = 1
    /// The request itself makes no sense.
    case usage = 64
    /// The input is malformed.
    case malformed = 65
    /// The input cannot be opened.
    case noInput = 66
    /// Something that the target or modelpack cannot express.
    case unsupported = 69
    /// A defect of modelpack.
    case internalError = 70
    /// The output cannot be written.
    case cannotWrite = 73
    /// Reading or writing failed halfway.
    case io = 74
    /// The user interrupted.
    case interrupted = 130
  }
}

extension Diagnostic.Code {
  public static let malformed = Self("malformed-input", .malformed)
  public static let notFound = Self("not-found", .noInput)
  public static let usage = Self("usage", .usage)
  public static let unsupportedOperation = Self("unsupported-operation", .unsupported)
  public static let unsupportedArgument = Self("unsupported-argument", .unsupported)
  public static let unsupportedType = Self("unsupported-type", .unsupported)
  public static let unsupportedByTarget = Self("unsupported-by-target", .unsupported)
  public static let shapeMismatch = Self("shape-mismatch", .unsupported)
  public static let typeMismatch = Self("type-mismatch", .unsupported)
  public static let constraint = Self("constraint-violated", .unsupported)
  public static let notRepresentable = Self("not-representable", .unsupported)
  public static let invalidProgram = Self("invalid-program", .malformed)
  public static let internalError = Self("internal-error", .internalError)
  public static let cannotWrite = Self("cannot-write", .cannotWrite)
  public static let outputExists = Self("output-exists", .cannotWrite)
  public static let io = Self("input-output", .io)
  public static let interrupted = Self("interrupted", .interrupted)
  public static let executionFailed = Self("execution-failed", .malformed)
  public static let checkFailed = Self("check-failed", .shortfall)
  public static let validationFailed = Self("validation-failed", .shortfall)
}
