// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The shape that a user gives an input: `1,3,224,224`, a range `1,1...512`, a set `1,{64,128}`,
/// and a dtype after a colon.
public struct InputShape: Hashable, Sendable {
  public enum Extent: Hashable, Sendable {
    case fixed(Int)
    case range(Int, Int)
    /// The first value is the default.
    case set([Int])
  }

  public var extents: [Extent]
  /// float16, float32 or int32; nil keeps the source's.
  public var elementType: ElementType?

  public init(_ extents: [Extent], elementType: ElementType? = nil) {
    self.extents = extents
    self.elementType = elementType
  }

  /// Parses the text after `NAME=`. Throws `.usage` with the place that is wrong.
  public init(parsing text: String) throws {
    var body = text[...]
    if let colon = text.lastIndex(of: ":") {
      let name = String(text[text.index(after: colon)...])
      guard let type = ElementType(rawValue: name), Self.dtypes.contains(type) else {
        throw Diagnostic.badShape(text, "'\(name)' is not float16, float32 or int32")
      }
      elementType = type
      body = text[..<colon]
    }
    extents = []
    while !body.isEmpty { extents.append(try Self.extent(&body, in: text)) }
  }

  private static let dtypes: [ElementType] = [.float16, .float32, .int32]

  private static func extent(_ rest: inout Substring, in text: String) throws -> Extent {
    let result: Extent
    if rest.first == "{" {
      guard let close = rest.firstIndex(of: "}") else {
        throw Diagnostic.badShape(text, "a '{' without its '}'")
      }
      let items = rest[rest.index(after: rest.startIndex)..<close]
      result = .set(try items.split(separator: ",").map { try number($0, in: text) })
      rest = rest[rest.index(after: close)...]
    } else {
      let piece = rest.prefix { $0 != "," }
      rest = rest[piece.endIndex...]
      result = try single(piece, in: text)
    }
    guard rest.isEmpty || rest.first == "," else {
      throw Diagnostic.badShape(text, "a ',' is missing before '\(rest)'")
    }
    if rest.first == "," {
      rest.removeFirst()
      if rest.isEmpty { throw Diagnostic.badShape(text, "it ends with ','") }
    }
    if case .set(let values) = result, values.isEmpty {
      throw Diagnostic.badShape(text, "an empty set of sizes")
    }
    return result
  }

  private static func single(_ piece: Substring, in text: String) throws -> Extent {
    var bounds: [Substring] = []
    var rest = piece
    while let dots = Self.dots(in: rest) {
      bounds.append(rest[..<dots.lowerBound])
      rest = rest[dots.upperBound...]
    }
    bounds.append(rest)
    if bounds.count == 1 { return .fixed(try number(piece, in: text)) }
    guard bounds.count == 2 else { throw Diagnostic.badShape(text, "'\(piece)' is not a range") }
    let (low, high) = (try number(bounds[0], in: text), try number(bounds[1], in: text))
    guard low <= high else { throw Diagnostic.badShape(text, "the range '\(piece)' is empty") }
    return low == high ? .fixed(low) : .range(low, high)
  }

  private static func dots(in text: Substring) -> Range<Substring.Index>? {
    var index = text.startIndex
    while index < text.endIndex {
      if text[index...].hasPrefix("...") { return index..<text.index(index, offsetBy: 3) }
      index = text.index(after: index)
    }
    return nil
  }

  private static func number(_ text: Substring, in whole: String) throws -> Int {
    guard let value = Int(text), value > 0 else {
      throw Diagnostic.badShape(whole, "'\(text)' is not a size")
    }
    return value
  }
}

extension Diagnostic {
  fileprivate static func badShape(_ text: String, _ why: String) -> Diagnostic {
    .error(
      .usage, "'\(text)' is not a shape: \(why)",
      fix: "write 1,3,224,224 or, where sizes vary, 1,1...512 or 1,{64,128}; "
        + "a dtype goes after a colon")
  }
}
