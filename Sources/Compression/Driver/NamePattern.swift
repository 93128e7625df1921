// SPDX-License-Identifier: Apache-2.0

/// A name with wildcards: `*` stands for any characters, `?` for one.
package struct NamePattern: Hashable, Sendable, ExpressibleByStringLiteral {
  package let text: String
  private let characters: [Character]

  package init(_ text: String) {
    self.text = text
    characters = Array(text)
  }

  package init(stringLiteral text: String) { self.init(text) }

  /// Whether the whole of `name` matches.
  package func matches(_ name: String) -> Bool {
    let name = Array(name)
    var place = 0
    var next = 0
    // Where to take up again after the last star: it swallows one character more.
    var retry: (place: Int, next: Int)?
    while place < name.count {
      if next < characters.count, characters[next] == "*" {
        retry = (place, next + 1)
        next += 1
      } else if next < characters.count,
        characters[next] == "?" || characters[next] == name[place]
      {
        place += 1
        next += 1
      } else if let back = retry {
        retry = (back.place + 1, back.next)
        (place, next) = (back.place + 1, back.next)
      } else {
        return false
      }
    }
    return characters[next...].allSatisfy { $0 == "*" }
  }
}
