// SPDX-License-Identifier: Apache-2.0

/// An operand while a program is built: an SSA value, or a literal that becomes a `const` of the
/// dtype that the operation's signature asks for.
package enum Value: Sendable {
  case ssa(ValueID)
  case constant(Constant)
  case int(Int)
  case ints([Int])
  case float(Double)
  case floats([Double])
  case bool(Bool)
  case bools([Bool])
  case string(String)
  /// A one-dimensional int32 tensor of extents, computed at run time where they are symbolic.
  case dims([Dim])
  /// An int32 scalar.
  case dim(Dim)
  /// The arguments of a variadic operand.
  case many([Value])

  package var id: ValueID? {
    if case .ssa(let id) = self { id } else { nil }
  }
}

extension Value: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByStringLiteral, ExpressibleByArrayLiteral
{
  package init(integerLiteral value: Int) { self = .int(value) }
  package init(floatLiteral value: Double) { self = .float(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(stringLiteral value: String) { self = .string(value) }
  package init(arrayLiteral elements: Int...) { self = .ints(elements) }
}
