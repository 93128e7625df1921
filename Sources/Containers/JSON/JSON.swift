// SPDX-License-Identifier: Apache-2.0

/// A JSON value. Integers and other numbers are kept apart, as the text has them.
package enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  case int(Int64)
  /// Also `NaN`, `Infinity` and `-Infinity`, which Python reads and writes.
  case double(Double)
  case string(String)
  case array([JSON])
  case object(JSONObject)

  /// The value in words for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a bool"
    case .int: "an integer"
    case .double: "a number with a fraction"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}

/// The members of a JSON object in the order of the text; no key repeats. Equality minds the order.
package struct JSONObject: Sendable, Hashable {
  package private(set) var keys: [String] = []
  package private(set) var values: [JSON] = []
  /// Only for objects too large to search through.
  private var places: [String: Int] = [:]

  private static let searchable = 16

  package init() {}

  /// Of several members with one key the last is kept.
  package init(_ members: some Sequence<(key: String, value: JSON)>) {
    for (key, value) in members { self[key] = value }
  }

  package var count: Int { keys.count }
  package var isEmpty: Bool { keys.isEmpty }
  package var members: Zip2Sequence<[String], [JSON]> { zip(keys, values) }

  /// The value of `key`; setting an existing key keeps its place, setting nil removes it.
  package subscript(key: String) -> JSON? {
    get { place(key).map { values[$0] } }
    set {
      switch (place(key), newValue) {
      case (let place?, let value?): values[place] = value
      case (nil, let value?): append(key, value)
      case (let place?, nil): remove(place)
      case (nil, nil): break
      }
    }
  }

  mutating func reserve(_ count: Int) {
    keys.reserveCapacity(count)
    values.reserveCapacity(count)
    if count > Self.searchable { places.reserveCapacity(count) }
  }

  /// Adds a member whose key is known to be new.
  mutating func append(_ key: String, _ value: JSON) {
    keys.append(key)
    values.append(value)
    if keys.count == Self.searchable + 1 {
      index()
    } else if keys.count > Self.searchable {
      places[key] = keys.count - 1
    }
  }

  private func place(_ key: String) -> Int? {
    keys.count > Self.searchable ? places[key] : keys.firstIndex(of: key)
  }

  private mutating func remove(_ place: Int) {
    keys.remove(at: place)
    values.remove(at: place)
    index()
  }

  private mutating func index() {
    places = [:]
    guard keys.count > Self.searchable else { return }
    for (place, key) in keys.enumerated() { places[key] = place }
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .int(value) }
  package init(floatLiteral value: Double) { self = .double(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(nilLiteral: ()) { self = .null }
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(JSONObject(elements.map { (key: $0.0, value: $0.1) }))
  }
}
