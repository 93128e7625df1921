// SPDX-License-Identifier: Apache-2.0
import MIL
import TestSupport
import Testing
import TorchFrontend

@Suite struct SymbolicExpressionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let text: String
    let value: Dim
    var testDescription: String { text }

    init(_ text: String, _ value: Dim) {
      self.text = text
      self.value = value
    }
  }

  private static let s: Dim = .symbol("s0")
  private static let t: Dim = .symbol("s1")

  static let cases = [
    Case("7", 7), Case("s0", s), Case("-s0", -s), Case("(s0)", s), Case("  s0 + 1 ", s + 1),
    Case("4 - s0", 4 - s), Case("2*s0*s1", 2 * s * t), Case("s0*(s1 + 2)", s * t + 2 * s),
    Case("s0//2", .floorDiv(s, 2)), Case("(s0 + 1)//2", .floorDiv(s + 1, 2)),
    Case("s0 % 3", .mod(s, 3)), Case("2*s0/2", s), Case("s0**2", s * s), Case("s0**0", 1),
    Case("Symbol('s0')", s), Case("Symbol('s0', positive=True, integer=True)", s),
    Case("Integer(-3)", -3), Case("Add(Symbol('s0'), Integer(1))", s + 1),
    Case("Add(Mul(Integer(-1), Symbol('s0')), Integer(4))", 4 - s),
    Case("Mul(Symbol('s0'), Symbol('s1'))", s * t),
    Case("Pow(Symbol('s0'), Integer(2))", s * s),
    Case("FloorDiv(Symbol('s0'), Integer(4))", .floorDiv(s, 4)),
    Case("torch.utils._sympy.functions.FloorDiv(s0, 4)", .floorDiv(s, 4)),
    Case("CeilDiv(s0, 4)", -Dim.floorDiv(-s, 4)), Case("CleanDiv(s0, 4)", .floorDiv(s, 4)),
    Case("Mod(s0, 4)", .mod(s, 4)), Case("PythonMod(s0, 4)", .mod(s, 4)),
    Case("Max(1, s0)", .max(1, s)), Case("Min(s0, s1, 8)", .min(.min(s, t), 8)),
    Case("Identity(s0)", s),
  ]

  @Test(arguments: cases) func parses(_ problem: Case) throws {
    #expect(try SymbolicExpression.parse(problem.text) == problem.value)
  }

  @Test(arguments: [
    "", "s0 +", "(s0", "s0)", "* s0", "s0 s1", "sqrt(s0)", "s0/2", "s0**s1", "s0**99", "2**-1",
    "Add()", "FloorDiv(s0)", "Max()", "1 & 2", "Where(s0 > 1, 2, 3)",
  ])
  func refuses(_ text: String) {
    let expected = "unsupported-argument: the symbolic size '\(text)' cannot be expressed"
    #expect(thrownText { _ = try SymbolicExpression.parse(text) } == expected)
  }

  @Test func refusesUnfinishedTextAndLargeNumbers() {
    #expect(
      thrownText { _ = try SymbolicExpression.parse("Symbol('s0") }
        == "malformed-input: 'Symbol('s0' is not a symbolic size")
    let large = "99999999999999999999"
    #expect(
      thrownText { _ = try SymbolicExpression.parse(large) }
        == "malformed-input: '\(large)' is not a symbolic size")
  }

  /// Depth and length are bounded, so that neither the stack nor time runs out.
  @Test(arguments: ["(", "-", "Add(", "2*("]) func depthIsBounded(_ opening: String) {
    let text = String(repeating: opening, count: 20_000) + "1"
    #expect(thrownText { _ = try SymbolicExpression.parse(text) }.hasPrefix("unsupported-argument"))
  }

  @Test func lengthIsBounded() {
    let text = String(repeating: "1+", count: 60_000) + "1"
    #expect(
      thrownText { _ = try SymbolicExpression.parse(text) }
        == "malformed-input: a symbolic size of 120001 characters")
  }
}
