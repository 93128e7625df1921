// SPDX-License-Identifier: Apache-2.0

/// Rows of text in aligned columns.
struct Table {
  enum Alignment { case left, right }

  private let alignments: [Alignment]
  private var rows: [[String]] = []

  /// Columns beyond those given are aligned to the left.
  init(_ alignments: Alignment...) {
    self.alignments = alignments
  }

  var isEmpty: Bool { rows.isEmpty }

  mutating func add(_ cells: String...) { rows.append(cells) }

  /// The table, every line indented by two spaces and ended.
  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      var line = " "
      for (column, cell) in row.enumerated() {
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        let isRight = column < alignments.count && alignments[column] == .right
        line += (column == 0 ? " " : "  ") + (isRight ? padding + cell : cell + padding)
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}

/// A share drawn as a bar.
enum Bar {
  static func text(_ share: Double, width: Int = 24) -> String {
    let filled = max(0, min(width, Int((share * Double(width)).rounded())))
    return String(repeating: "█", count: filled)
      + String(repeating: "░", count: width - filled)
  }
}
