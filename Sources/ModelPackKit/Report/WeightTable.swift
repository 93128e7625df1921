// SPDX-License-Identifier: Apache-2.0

/// The table of all weights. A click on a title sorts it; `data-v` is what numbers are sorted by.
struct WeightTable {
  private let report: WeightReport

  init(_ report: WeightReport) {
    self.report = report
  }

  var html: String {
    let titles =
      ["weight", "stored as", "shape"] + (report.isComparison ? ["before"] : [])
      + ["bytes", "bits per weight"] + (report.isComparison ? ["SNR", "largest error"] : [])
      + ["saturated", "used by"]
    let head = titles.map { "<th scope=\"col\"><button type=\"button\">\($0)</button></th>" }
    let body = report.rows.enumerated().map { place, row in
      "<tr id=\"w\(place)\">\(cells(row).joined())</tr>"
    }
    return """
      <table id="weights">
      <thead><tr>\(head.joined())</tr></thead>
      <tbody>
      \(body.joined(separator: "\n"))
      </tbody>
      </table>
      """
  }

  private func cells(_ row: WeightReport.Row) -> [String] {
    let shape = row.shape.map(String.init).joined(separator: " × ")
    let many = report.rows.contains { $0.function != row.function }
    var cells = [
      "<td class=\"name\">\(HTML.text(row.name))"
        + (many ? " <small>\(HTML.text(row.function))</small>" : "") + "</td>",
      "<td>\(HTML.text(row.scheme == "none" ? "dense" : row.scheme))</td>",
      number(shape, Double(row.shape.reduce(1, *))),
    ]
    if report.isComparison {
      cells.append(number(row.bytesBefore.map(Format.megabytes), row.bytesBefore.map(Double.init)))
    }
    cells.append(number(Format.megabytes(row.bytes), Double(row.bytes)))
    cells.append(number(Format.fixed(row.bitsPerWeight, 2), row.bitsPerWeight))
    if report.isComparison {
      cells.append(bar(row))
      cells.append(number(row.largestError.map(Format.scientific), row.largestError))
    }
    cells.append(
      number(row.saturated.map { Format.fixed($0 * 100, 2) + " %" }, row.saturated))
    cells.append("<td class=\"use\">\(HTML.text(row.uses.text))</td>")
    return cells
  }

  private func number(_ text: String?, _ value: Double?) -> String {
    guard let text, let value else { return "<td class=\"number\" data-v=\"\"></td>" }
    return "<td class=\"number\" data-v=\"\(Self.key(value))\">\(text)</td>"
  }

  private func bar(_ row: WeightReport.Row) -> String {
    guard let decibels = row.decibels else { return number(nil, nil) }
    let share = max(0, min(100, decibels / 60 * 100))
    return "<td class=\"number\" data-v=\"\(Self.key(decibels))\"><span class=\"bar "
      + "\(CellColor.name(row, true))\" style=\"width:\(HTML.number(share * 0.7))px\"></span>"
      + "\(WeightReport.decibels(decibels))</td>"
  }

  /// A number that scripts read.
  private static func key(_ value: Double) -> String {
    value.isFinite ? "\(value)" : value > 0 ? "1e999" : "-1e999"
  }
}
