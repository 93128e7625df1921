// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// The definition of a MIL operation, as data: what the verifier, the builder, the target check,
/// the printer, the writer and the coverage table read.
package struct OpSpec: Sendable {
  package let name: String
  /// Signatures by the opset that brought them, oldest first.
  package let revisions: [Signature]
  package let constraints: [Constraint]
  /// The types of the results, from the operands. Called with operands that satisfy the signature.
  package let results: @Sendable (OpContext) throws -> [ValueType]

  /// - Parameter revisions: later signatures, each complete in itself.
  package init(
    _ name: String, since: Opset = .iOS15, operands: [Operand],
    domains: [Domain: [DType]] = [:], revisions: [Signature] = [], constraints: [Constraint] = [],
    results: @escaping @Sendable (OpContext) throws -> [ValueType]
  ) {
    self.name = name
    self.revisions =
      [Signature(since: since, operands: operands, domains: domains)]
      + revisions.sorted { $0.since < $1.since }
    self.constraints = constraints
    self.results = results
  }

  package var since: Opset { revisions[0].since }

  /// The signature in force in `opset`; `nil` before the operation existed.
  package func signature(in opset: Opset) -> Signature? {
    revisions.last { $0.since <= opset }
  }
}

/// A type variable of a signature: operands that share it have one dtype.
package enum Domain: String, Hashable, Sendable {
  case T, U, I, K, M, SrcT, DstT, ZeroPointT, OffsetT, IndicesT, BoxT, BoxIndexT
}

/// Operands and the types they may have, from one opset on.
package struct Signature: Sendable {
  package let since: Opset
  package let operands: [Operand]
  package let domains: [Domain: [DType]]

  package init(since: Opset, operands: [Operand], domains: [Domain: [DType]] = [:]) {
    self.since = since
    self.operands = operands
    self.domains = domains
  }

  package func operand(_ name: String) -> Operand? {
    operands.first { $0.name == name }
  }

  /// The dtypes that `operand` may have.
  package func dtypes(of operand: Operand) -> [DType] {
    switch operand.types {
    case .domain(let domain): domains[domain] ?? []
    case .oneOf(let dtypes): dtypes
    case .any: DType.allCases
    }
  }
}

/// One operand of a signature.
package struct Operand: Sendable {
  package enum Kind: Hashable, Sendable {
    case tensor
    /// Any number of tensors, bound as one tuple of arguments.
    case variadic
    case state
    case list
  }

  package enum Types: Hashable, Sendable {
    case domain(Domain)
    case oneOf([DType])
    case any
  }

  package let name: String
  package let kind: Kind
  package let types: Types
  /// Must be known when the program is written.
  package let isConstant: Bool
  package let isOptional: Bool
  /// What an absent operand means, where that is one value.
  package let defaultValue: Literal?

  package init(
    _ name: String, kind: Kind = .tensor, types: Types, isConstant: Bool = false,
    isOptional: Bool = false, defaultValue: Literal? = nil
  ) {
    self.name = name
    self.kind = kind
    self.types = types
    self.isConstant = isConstant
    self.isOptional = isOptional || defaultValue != nil
    self.defaultValue = defaultValue
  }

  /// A run-time tensor whose dtype is `domain`'s.
  package static func tensor(_ name: String, _ domain: Domain) -> Operand {
    Operand(name, types: .domain(domain))
  }

  package static func tensor(_ name: String, _ dtypes: DType...) -> Operand {
    Operand(name, types: .oneOf(dtypes))
  }

  /// A run-time tensor that may be absent.
  package static func optional(
    _ name: String, _ domain: Domain, default value: Literal? = nil
  ) -> Operand {
    Operand(name, types: .domain(domain), isOptional: true, defaultValue: value)
  }

  package static func optional(
    _ name: String, _ dtypes: DType..., default value: Literal? = nil
  ) -> Operand {
    Operand(name, types: .oneOf(dtypes), isOptional: true, defaultValue: value)
  }

  /// A compile-time constant that must be given.
  package static func constant(_ name: String, _ domain: Domain) -> Operand {
    Operand(name, types: .domain(domain), isConstant: true)
  }

  package static func constant(_ name: String, _ dtypes: DType...) -> Operand {
    Operand(name, types: .oneOf(dtypes), isConstant: true)
  }

  /// A compile-time constant that may be absent.
  package static func optionalConstant(
    _ name: String, _ domain: Domain, default value: Literal? = nil
  ) -> Operand {
    Operand(
      name, types: .domain(domain), isConstant: true, isOptional: true, defaultValue: value)
  }

  package static func optionalConstant(
    _ name: String, _ dtypes: DType..., default value: Literal? = nil
  ) -> Operand {
    Operand(name, types: .oneOf(dtypes), isConstant: true, isOptional: true, defaultValue: value)
  }

  package static func variadic(_ name: String) -> Operand {
    Operand(name, kind: .variadic, types: .any)
  }

  package static func state(_ name: String) -> Operand {
    Operand(name, kind: .state, types: .any)
  }

  package static func list(_ name: String) -> Operand {
    Operand(name, kind: .list, types: .any)
  }
}

/// The value that an absent operand stands for.
package enum Literal: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral
{
  case int(Int)
  case float(Double)
  case bool(Bool)
  case string(String)
  case ints([Int])

  package init(integerLiteral value: Int) { self = .int(value) }
  package init(floatLiteral value: Double) { self = .float(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(stringLiteral value: String) { self = .string(value) }
  package init(arrayLiteral elements: Int...) { self = .ints(elements) }
}

/// A numbered rule that operands must satisfy beyond their types.
package struct Constraint: Sendable {
  /// What must hold, in words.
  package let text: String
  /// Throws a `Diagnostic` where it does not.
  package let check: @Sendable (OpContext) throws -> Void

  package init(_ text: String, _ check: @escaping @Sendable (OpContext) throws -> Void) {
    self.text = text
    self.check = check
  }
}
