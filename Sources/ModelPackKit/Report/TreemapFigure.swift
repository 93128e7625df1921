// SPDX-License-Identifier: Apache-2.0

/// The weights as nested rectangles whose areas are their bytes. Each is a link to its row of the
/// table.
struct TreemapFigure {
  private let report: WeightReport
  private static let size = (width: 1200.0, height: 620.0)
  /// Height of the title of a module.
  private static let header = 16.0

  init(_ report: WeightReport) {
    self.report = report
  }

  var svg: String {
    let tree = ModuleTree(report.rows.map { ($0.name, $0.bytes) })
    let (width, height) = Self.size
    var parts = [
      "<svg id=\"treemap\" viewBox=\"0 0 \(HTML.number(width)) \(HTML.number(height))\" "
        + "role=\"img\" aria-label=\"Bytes by module\">"
    ]
    draw(tree, in: Box(x: 0, y: 0, width: width, height: height), depth: 0, &parts)
    parts.append("</svg>")
    return parts.joined(separator: "\n")
  }

  private func draw(_ node: ModuleTree, in box: Box, depth: Int, _ parts: inout [String]) {
    if let weight = node.weight { return cell(node, report.rows[weight], weight, box, &parts) }
    var inner = box
    if depth > 0, box.width > 40, box.height > 34 {
      parts.append(
        "<rect class=\"module d\(min(depth, 3))\" \(frame(box))><title>\(HTML.text(node.label)), "
          + "\(Format.megabytes(node.bytes))</title></rect>")
      let label = "\(node.label)  \(Format.megabytes(node.bytes))"
      let text = HTML.fitting(label, box.width - 8)
      let short = text == label ? text : HTML.fitting(node.label, box.width - 8)
      parts.append(self.text(short, box.x + 4, box.y + 12, "title"))
      inner = box.inset(2, top: Self.header)
    }
    let boxes = Treemap.boxes(node.children.map { Double($0.bytes) }, in: inner)
    for (child, place) in zip(node.children, boxes) {
      draw(child, in: place, depth: depth + 1, &parts)
    }
  }

  private func cell(
    _ node: ModuleTree, _ row: WeightReport.Row, _ place: Int, _ box: Box, _ parts: inout [String]
  ) {
    var about = "\(row.name)\n[\(row.shape.map(String.init).joined(separator: ", "))], "
    about += "\(Format.megabytes(row.bytes)), \(row.scheme == "none" ? "dense" : row.scheme)"
    if let decibels = row.decibels { about += ", \(WeightReport.decibels(decibels))" }
    let lines = about.split(separator: "\n").map { HTML.text(String($0)) }.joined(separator: "\n")
    var link =
      "<a href=\"#w\(place)\"><rect class=\"cell \(CellColor.name(row, report.isComparison))\" "
    link += "\(frame(box))><title>\(lines)</title></rect>"
    if box.height > 13 {
      link += text(HTML.fitting(node.label, box.width - 6), box.x + 3, box.y + 11, "label")
    }
    if box.height > 27 {
      let amount = row.decibels.map { WeightReport.decibels($0) } ?? Format.megabytes(row.bytes)
      link += text(HTML.fitting(amount, box.width - 6), box.x + 3, box.y + 24, "label")
    }
    parts.append(link + "</a>")
  }

  private func frame(_ box: Box) -> String {
    "x=\"\(HTML.number(box.x))\" y=\"\(HTML.number(box.y))\" "
      + "width=\"\(HTML.number(box.width))\" height=\"\(HTML.number(box.height))\""
  }

  private func text(_ text: String, _ x: Double, _ y: Double, _ kind: String) -> String {
    if text.isEmpty { return "" }
    return "<text class=\"\(kind)\" x=\"\(HTML.number(x))\" y=\"\(HTML.number(y))\">"
      + "\(HTML.text(text))</text>"
  }
}
