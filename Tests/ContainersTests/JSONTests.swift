// SPDX-License-Identifier: Apache-2.0
import Containers
import Diagnostics
import Testing

@Suite struct JSONTests {
  @Test func parses() throws {
    let value = try JSON(
      parsing: #"{"b": [1, -2.5, 1e3, true, null], "a": "é\u00e9\n\"", "c": {}}"#)
    #expect(
      value == [
        "b": [1, -2.5, 1000.0, true, nil], "a": "éé\n\"", "c": .object(JSONObject()),
      ])
  }

  @Test func parsesWhatPythonWrites() throws {
    let value = try JSON(parsing: "[Infinity, -Infinity, NaN]")
    guard case .array(let list) = value, case .double(let last) = list[2] else {
      Issue.record("\(value)")
      return
    }
    #expect(list[0] == .double(.infinity) && list[1] == .double(-.infinity) && last.isNaN)
  }

  @Test(arguments: [
    ("7", JSON.int(7)), (" -0.5\n", -0.5), ("null", nil), ("\"x\"", "x"), ("[]", .array([])),
    ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
    (#""\u0000""#, "\u{0}"), (#"["it's : fine"]"#, .array(["it's : fine"])),
  ])
  func parsesSingleValues(text: String, value: JSON) throws {
    #expect(try JSON(parsing: text) == value)
  }

  @Test func parsesUpToTheDepthLimit() throws {
    let deepest = JSON.depthLimit - 1
    let text = String(repeating: "[", count: deepest) + String(repeating: "]", count: deepest)
    _ = try JSON(parsing: text)
  }

  static let malformed: [(String, String, String)] = [
    ("empty", "", "line 1, column 1: the text ends early"),
    ("array cut off", "[1,\n2", "line 2, column 2: the text ends early"),
    ("object cut off", #"{"a": 1"#, "line 1, column 8: the text ends early"),
    ("key cut off", #"{"a"#, "line 1, column 4: the text ends early"),
    ("string cut off", #"["abc"#, "line 1, column 6: the text ends early"),
    ("literal cut off", "nul", "line 1, column 4: the text ends early"),
    ("comma before the end of an array", "[1,]", "line 1, column 4: unexpected character ']'"),
    (
      "comma before the end of an object", #"{"a":1,}"#,
      "line 1, column 8: unexpected character '}'"
    ),
    ("no comma in an array", "[1 2]", "line 1, column 4: expected ',' or ']'"),
    ("no comma in an object", #"{"a":1 "b":2}"#, "line 1, column 8: expected ',' or '}'"),
    ("no colon", #"{"a" 1}"#, "line 1, column 6: expected ':' after a key"),
    ("key without quotes", "{a: 1}", "line 1, column 2: expected a key in double quotes"),
    ("single quotes", "['a']", "line 1, column 2: unexpected character '''"),
    ("comment", "// c\n1", "line 1, column 1: unexpected character '/'"),
    ("text behind the value", "[1]\n x", "line 2, column 2: unexpected character 'x'"),
    ("bad escape", #"["\q"]"#, "line 1, column 4: invalid escape in a string"),
    ("misspelt literal", "[True]", "line 1, column 2: invalid literal"),
    ("NUL byte", "[1]\0", "line 1, column 4: unexpected NUL byte"),
    ("NUL byte in a string", "[\"\0\"]", "line 1, column 3: unexpected NUL byte"),
    ("NUL in a key", #"{"a\u0000b": 1}"#, "line 1, column 12: a key holds a NUL character"),
    (
      "key twice", #"[{"a": {"a": 1}},{"b": 0,"a": 1, "\u0061": 2}]"#,
      "line 1, column 34: the key 'a' is given twice"
    ),
    (
      "integer of 2^63", "[9223372036854775808]",
      "line 1, column 2: the integer 9223372036854775808 does not fit in 64 bits"
    ),
    (
      "integer below -2^63", #"{"a":-9223372036854775809}"#,
      "line 1, column 6: the integer -9223372036854775809 does not fit in 64 bits"
    ),
    (
      "nested too deep", String(repeating: "[", count: JSON.depthLimit + 1),
      "line 1, column 257: nested more than 256 deep"
    ),
    (
      "nesting bomb", String(repeating: "[", count: 1_000_000),
      "line 1, column 257: nested more than 256 deep"
    ),
  ]

  @Test(arguments: malformed) func isRefused(name: String, text: String, message: String) {
    #expect(
      thrown { _ = try JSON(parsing: text, file: "m.pt2", entry: "models/model.json") }
        == "malformed-input: m.pt2 > models/model.json: not valid JSON: \(message)", "\(name)")
  }

  @Test func badUTF8IsRefused() {
    #expect(
      thrown { _ = try JSON(parsing: [0x22, 0x61, 0xff, 0x22]) }
        == "malformed-input: not valid JSON: line 1, column 3: invalid UTF-8")
  }

  @Test func writesDeterministicText() {
    let value: JSON = [
      "b": [1, 0.1, 1e22, true, nil, .double(.nan), .double(-.infinity)], "a/ä": "x\"\n\u{1}/",
    ]
    #expect(
      value.text(.compact)
        == #"{"a/ä":"x\"\n\u0001/","b":[1,0.1,1e+22,true,null,NaN,-Infinity]}"#)
    #expect(
      (["k": [1], "e": "v"] as JSON).text(.pretty) == """
        {
          "e": "v",
          "k": [
            1
          ]
        }

        """)
  }

  @Test(arguments: [0.1, 1e22, Double.leastNonzeroMagnitude, .greatestFiniteMagnitude, -0.0, 3.0])
  func doublesSurvive(value: Double) throws {
    let text = JSON.array([.double(value)]).text(.compact)
    #expect(try JSON(parsing: text) == [.double(value)])
  }

  @Test func largeObjectsFindTheirMembers() throws {
    var object = JSONObject()
    for number in 0..<100 { object["k\(number)"] = .int(Int64(number)) }
    object["k50"] = "new"
    object["k0"] = nil
    #expect(object.count == 99 && object["k99"] == 99 && object["k50"] == "new")
    #expect(object["k0"] == nil && object.keys.first == "k1")
    #expect(
      try JSON(parsing: JSON.object(object).text(.pretty)).text(.compact)
        == JSON.object(object).text(.compact))
  }
}

@Suite struct JSONNodeTests {
  private func document() throws -> JSONNode {
    JSONNode(
      try JSON(
        parsing: """
          {"signature": {"specs": [{"kind": 7, "name": "x", "none": null, "on": true,
          "shape": [1, 2], "scale": 2}]}}
          """), file: "m.pt2", entry: "model.json")
  }

  @Test func readsMembers() throws {
    let spec = try #require(document().member("signature").elements("specs").first)
    #expect(spec.path == "signature.specs[0]")
    #expect(try spec.int("kind") == 7 && spec.string("name") == "x" && spec.bool("on"))
    #expect(try spec.ints("shape") == [1, 2] && spec.double("scale") == 2)
    #expect(try spec.optional("none") == nil && spec.optional("absent") == nil)
    #expect(try spec.members().map(\.key).count == 6)
  }

  @Test(arguments: [
    ("name", "signature.specs[0].name: expected an integer, found a string"),
    ("none", "signature.specs[0].none: expected an integer, found null"),
    ("absent", "signature.specs[0]: the key 'absent' is missing"),
    ("shape", "signature.specs[0].shape: expected an integer, found an array"),
  ])
  func namesThePath(key: String, message: String) throws {
    let spec = try #require(document().member("signature").elements("specs").first)
    #expect(
      thrown { _ = try spec.int(key) }
        == "malformed-input: m.pt2 > model.json: \(message)")
  }

  @Test func namesTheRoot() throws {
    #expect(
      thrown { _ = try JSONNode([1]).member("a") }
        == "malformed-input: expected an object, found an array")
    #expect(
      thrown { _ = try JSONNode(["a": [1, "x"]]).ints("a") }
        == "malformed-input: a[1]: expected an integer, found a string")
  }
}
