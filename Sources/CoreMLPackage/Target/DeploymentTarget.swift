// SPDX-License-Identifier: Apache-2.0
import Diagnostics
package import MIL

/// The oldest system that a model is meant to run on.
package struct DeploymentTarget: Hashable, Sendable {
  /// `iOS18`, `macOS15`, `visionOS2`: as systems spell themselves.
  package let name: String
  /// The newest specification version that the system loads.
  package let specificationVersion: Int

  /// The newest opset that the system runs.
  package var opset: Opset { Opset(specificationVersion: specificationVersion) ?? .iOS15 }

  /// Releases of one generation, the newest last; each list belongs to a specification version.
  private static let generations: [(version: Int, names: [String])] = [
    (6, ["iOS15", "macOS12", "watchOS8", "tvOS15"]),
    (7, ["iOS16", "macOS13", "watchOS9", "tvOS16"]),
    (8, ["iOS17", "macOS14", "watchOS10", "tvOS17", "visionOS1"]),
    (9, ["iOS18", "macOS15", "watchOS11", "tvOS18", "visionOS2"]),
    (10, ["iOS26", "macOS26", "watchOS26", "tvOS26", "visionOS26"]),
  ]

  /// Every target, by generation.
  package static let all: [DeploymentTarget] = generations.flatMap { generation in
    generation.names.map {
      DeploymentTarget(name: $0, specificationVersion: generation.version)
    }
  }

  package static let iOS15 = DeploymentTarget(name: "iOS15", specificationVersion: 6)
  package static let iOS16 = DeploymentTarget(name: "iOS16", specificationVersion: 7)
  package static let iOS17 = DeploymentTarget(name: "iOS17", specificationVersion: 8)
  package static let iOS18 = DeploymentTarget(name: "iOS18", specificationVersion: 9)
  package static let iOS26 = DeploymentTarget(name: "iOS26", specificationVersion: 10)

  private init(name: String, specificationVersion: Int) {
    self.name = name
    self.specificationVersion = specificationVersion
  }

  /// The iOS release of a specification version.
  package static func name(ofVersion version: Int) -> String {
    generations.first { $0.version == version }?.names[0] ?? "specification version \(version)"
  }

  /// The iOS release that first loads `version`; `nil` for versions that ML Programs lack.
  package init?(specificationVersion version: Int) {
    guard let match = Self.all.first(where: { $0.specificationVersion == version }) else {
      return nil
    }
    self = match
  }

  /// The target that `text` names, in any case, with or without spaces and minor version numbers
  /// (`ios 18`, `macOS15.0`). Throws `.usage` with the closest name.
  package init(parsing text: String) throws {
    let wanted = Self.folded(text)
    if let match = Self.all.first(where: { $0.name.lowercased() == wanted }) {
      self = match
      return
    }
    throw Diagnostic.unknownTarget(text, closest: Self.closest(to: wanted))
  }

  private static func folded(_ text: String) -> String {
    var folded = text.lowercased().filter { $0 != " " && $0 != "_" && $0 != "-" }
    if let dot = folded.firstIndex(of: ".") { folded = String(folded[..<dot]) }
    return folded
  }

  private static func closest(to text: String) -> String? {
    let ranked = all.map { ($0.name, distance(Array(text), Array($0.name.lowercased()))) }
    return ranked.min { $0.1 < $1.1 }.flatMap { $0.1 <= 2 ? $0.0 : nil }
  }

  /// The number of letters to change, add, take away or swap with the next.
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    var rows = [Array(0...b.count)]
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var best = min(rows[i][j + 1], row[j]) + 1
        best = min(best, rows[i][j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          best = min(best, rows[i - 1][j - 1] + 1)
        }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}

extension Diagnostic {
  fileprivate static func unknownTarget(_ text: String, closest: String?) -> Diagnostic {
    let names = DeploymentTarget.all.map(\.name).joined(separator: ", ")
    return .error(
      .usage, "there is no target '\(text)'", notes: ["targets: \(names)"],
      fix: closest.map { "did you mean '\($0)'?" })
  }
}
