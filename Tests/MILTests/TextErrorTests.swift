// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Testing

@Suite struct TextErrorTests {
  /// A function around `line`, which is the second line.
  private static func function(_ line: String) -> String {
    "func main(%x: float32[2, T]) opset CoreML7 where T in 1... {\n\(line)\nreturn %x\n}"
  }

  @Test(
    "malformed functions",
    arguments: [
      ("fun main", "line 1, column 1: expected 'func', found 'fun'"),
      ("func", "line 1, column 5: expected the name of the function, found the end of the text"),
      ("func main", "line 1, column 10: expected '(', found the end of the text"),
      ("func main(x", "line 1, column 11: expected a value, found 'x'"),
      ("func main(%x float32[]", "line 1, column 14: expected ':', found 'float32'"),
      ("func main(%x: float[2])", "line 1, column 15: no type 'float'"),
      ("func main(%x: float32[2)", "line 1, column 24: expected ']', found ')'"),
      ("func main(%x: float32[?])", "line 1, column 23: expected an extent, found '?'"),
      ("func main(%x: float32[1.5])", "line 1, column 23: '1.5' is not an integer"),
      ("func main(%x: state<list<int32[], 2>>)", "line 1, column 15: a state holds a tensor"),
      ("func main(%x: int32[], %x: int32[])", "line 1, column 24: '%x' is defined twice"),
      (
        "func main() opset CoreML4 {",
        "line 1, column 19: no opset 'CoreML4'; there are CoreML5, CoreML6, CoreML7, CoreML8, CoreML9"
      ),
      (
        "func main() opset CoreML8 where T in 5...2 {",
        "line 1, column 33: the range of 'T' is empty"
      ),
      (
        "func main() opset CoreML8 where T in 1..., T in 1... {",
        "line 1, column 44: 'T' is listed twice"
      ),
      ("func main() opset CoreML8 return", "line 1, column 27: expected '{', found 'return'"),
      (
        "func main() opset CoreML8 {",
        "line 1, column 28: expected an operation, found the end of the text"
      ),
      ("func main() opset CoreML8 { return %y }", "line 1, column 36: '%y' is not defined here"),
      (
        "func a() opset CoreML8 { return }\nfunc a() opset CoreML8 { return }",
        "line 2, column 6: function 'a' is defined twice"
      ),
      ("func \"a\nb\"()", "line 1, column 6: the text in quotes does not end on its line"),
      ("func \"a\\q\"()", "line 1, column 10: '\\' must be followed by one of n t r u \" \\ `"),
      ("func main(%) ", "line 1, column 12: '%' without a name"),
      ("func main() ; ", "line 1, column 13: ';' has no meaning here"),
      ("func main(%x: \u{e9}", "line 1, column 15: a character has no meaning here"),
    ])
  func functions(_ text: String, _ message: String) {
    expectDiagnostic(message) { _ = try Program(text: text) }
  }

  @Test(
    "malformed operations",
    arguments: [
      ("%y relu(x: %x)", "line 2, column 4: expected '=', found 'relu'"),
      ("%y = (x: %x)", "line 2, column 6: expected an operation, found '('"),
      ("%y = relu x", "line 2, column 11: expected '(', found 'x'"),
      ("%y = relu(%x)", "line 2, column 11: expected the name of an operand, found '%x'"),
      ("%y = relu(x %x)", "line 2, column 13: expected ':', found '%x'"),
      ("%y = relu(x: %z)", "line 2, column 14: '%z' is not defined here"),
      ("%x = relu(x: %x)", "line 2, column 1: '%x' is defined twice"),
      ("%y, %z = relu(x: %x)", "line 2, column 10: 'relu' has 1 results, not 2"),
      ("relu(x: %x)", "line 2, column 1: 'relu' has 1 results, not 0"),
      (
        "%y = frobnicate(x: %x)",
        "line 2, column 6: 'frobnicate' is no operation of CoreML7: the types of its results must be given"
      ),
      (
        "%y = read_state(input: %x)",
        "line 2, column 6: 'read_state' is no operation of CoreML7: the types of its results must be given"
      ),
      ("%y = const()", "line 2, column 6: 'const' has no 'val'"),
      ("%y = const() {val = 5}", "line 2, column 21: expected a constant with its type, found '5'"),
      ("%y = const() {val = int32[2] [1]}", "line 2, column 30: 1 elements for a shape of 2"),
      ("%y = const() {val = uint8[] 256}", "line 2, column 29: '256' is no uint8"),
      ("%y = const() {val = int4[] -9}", "line 2, column 28: '-9' is no int4"),
      ("%y = const() {val = int32[] 1.5}", "line 2, column 29: '1.5' is no int32"),
      ("%y = const() {val = float8e5m2[] 1.5}", "line 2, column 34: '1.5' is no float8e5m2"),
      (
        "%y = const() {val = int32[T] [1]}",
        "line 2, column 21: the type int32[T] of a constant must be fixed and fit in memory"
      ),
      (
        "%y = const() {val = int8[9999999999] splat(1)}",
        "line 2, column 21: 9999999999 elements are too many"
      ),
      (
        "%y = const() {val = int8[9999999999, 9999999999] weights}",
        "line 2, column 21: the type int8[9999999999, 9999999999] of a constant must be fixed and fit in memory"
      ),
      (
        "%y = const() {val = float16[2] bytes(\"00\")}",
        "line 2, column 32: a float16 tensor of shape [2] cannot have 1 bytes"
      ),
      ("%y = const() {val = string[2] [\"a\"]}", "line 2, column 31: 1 strings for a shape of 2"),
      ("%y = relu(x: %x) @ here", "line 2, column 20: expected '[', found 'here'"),
      (
        "%y = relu(x: %x) @ [where: \"x\"]",
        "line 2, column 21: 'where' is not one of file, entry, operation, node, module, line"
      ),
      ("%y = softmax(x: %x, axis: [1, true])", "line 2, column 28: not a list of numbers"),
      ("%y = softmax(x: %x, axis: -)", "line 2, column 28: expected a number, found ')'"),
      ("%y = softmax(x: %x, axis: 2)", "softmax: 'axis' is 2 but the operand has rank 2"),
      ("%y = relu(x: %x, alpha: 1)", "relu: has no operand 'alpha' in iOS17"),
    ])
  func operations(_ line: String, _ message: String) {
    expectDiagnostic(message) { _ = try Program(text: Self.function(line)) }
  }

  @Test func placeOfInferenceErrors() throws {
    do {
      _ = try Program(text: Self.function("  %y = softmax(x: %x, axis: 2)"))
      Issue.record("nothing was thrown")
    } catch let diagnostic as Diagnostic {
      #expect(diagnostic.location?.sourceLine == "line 2, column 8")
    }
  }

  @Test("nesting without end is refused")
  func nesting() {
    for text in [
      "func main(%x: " + String(repeating: "tuple<", count: 10_000),
      "func main(%x: int32[" + String(repeating: "(", count: 10_000),
      Self.function("%y = const() {val = " + String(repeating: "list(", count: 10_000)),
    ] {
      #expect(throws: Diagnostic.self) { _ = try Program(text: text) }
    }
  }

  @Test("no text makes the parser crash: every prefix and every byte dropped")
  func damaged() {
    let text = TextTests.everything
    let bytes = Array(text.utf8)
    for cut in bytes.indices {
      _ = try? Program(text: String(decoding: bytes[..<cut], as: UTF8.self))
      var dropped = bytes
      dropped.remove(at: cut)
      _ = try? Program(text: String(decoding: dropped, as: UTF8.self))
    }
  }

  @Test func elidedWeightsCannotBeRead() throws {
    let program = try Program(
      text: "func main() opset CoreML8 { %w = const() {val = float16[64] weights(abc)} return %w }")
    let values = program.functions[0].values
    let constant = values[program.functions[0].body.outputs[0]].constant
    expectDiagnostic("the text leaves out the elements of weights(abc)") {
      _ = try constant?.tensorData()
    }
  }
}
