// SPDX-License-Identifier: Apache-2.0

/// "Did you mean": the candidate nearest to what was written.
package enum Suggestion {
  /// The candidate with the least edit distance, where that is small for the length of the name.
  package static func nearest(to name: String, among candidates: [String]) -> String? {
    let wanted = Array(name.lowercased())
    let ranked = candidates.map { ($0, distance(wanted, Array($0.lowercased()))) }
    guard let best = ranked.min(by: { ($0.1, $0.0) < ($1.1, $1.0) }) else { return nil }
    return best.1 <= max(1, wanted.count / 3) ? best.0 : nil
  }

  /// `did you mean 'x'? known are x, y` for the end of a message's remedy.
  package static func remedy(for name: String, among candidates: [String], _ what: String) -> String
  {
    if candidates.isEmpty { return "there are no \(what)" }
    let list = candidates.joined(separator: ", ")
    guard let nearest = nearest(to: name, among: candidates) else { return "\(what): \(list)" }
    return candidates.count == 1
      ? "use '\(nearest)'" : "did you mean '\(nearest)'? \(what): \(list)"
  }

  /// Insertions, deletions, replacements and swaps of neighbours.
  private static func distance(_ a: [Character], _ b: [Character]) -> Int {
    if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
    if max(a.count, b.count) > 200 { return .max }
    var before: [Int] = []
    var last = Array(0...b.count)
    for i in 1...a.count {
      var row = [i]
      for j in 1...b.count {
        var cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          cost = min(cost, before[j - 2] + 1)
        }
        row.append(cost)
      }
      (before, last) = (last, row)
    }
    return last[b.count]
  }
}
