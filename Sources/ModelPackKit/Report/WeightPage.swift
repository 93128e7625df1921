// SPDX-License-Identifier: Apache-2.0

/// The page of a report: one file, with its style and script in it, that loads nothing.
struct WeightPage {
  private let report: WeightReport

  init(_ report: WeightReport) {
    self.report = report
  }

  var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
    style-src 'unsafe-inline'; script-src 'unsafe-inline'">
    <title>\(HTML.text(report.title))</title>
    <style>\(PageStyle.css)</style>
    </head>
    <body>
    <h1>\(HTML.text(report.title))</h1>
    \(facts)
    <section>
    <h2>Bytes by module</h2>
    \(TreemapFigure(report).svg)
    \(CellColor.legend(report.isComparison))
    </section>
    \(distributions)
    <section>
    <h2>All weights</h2>
    <input id="filter" type="search" placeholder="show names that contain …" \
    aria-label="show names that contain">
    \(WeightTable(report).html)
    </section>
    <script>\(PageStyle.script)</script>
    </body>
    </html>

    """
  }

  private var facts: String {
    let items = report.facts.map { label, value in
      "<div><dt>\(HTML.text(label))</dt><dd>\(HTML.text(value))</dd></div>"
    }
    return "<dl class=\"facts\">\(items.joined())</dl>"
  }

  private var distributions: String {
    if report.distributions.isEmpty { return "" }
    let figures = report.distributions.map {
      DistributionFigure($0, report.rows[$0.row]).html
    }
    let title =
      report.isComparison
      ? "The worst \(figures.count), before and after" : "The largest \(figures.count)"
    let keys =
      report.isComparison
      ? "<span class=\"key before\"></span>before <span class=\"key after\"></span>after, " : ""
    return """
      <section>
      <h2>\(title)</h2>
      <p class="note">\(keys)how often values occur; heights are square roots of counts</p>
      <div class="distributions">\(figures.joined(separator: "\n"))</div>
      </section>
      """
  }
}

/// Colors of cells: by what was lost where that is known, else by the bits of a weight.
enum CellColor {
  private static let losses: [(limit: Double, text: String)] = [
    (10, "below 10 dB"), (15, "10 to 15"), (20, "15 to 20"), (30, "20 to 30"), (40, "30 to 40"),
    (.infinity, "40 dB and more"),
  ]
  private static let widths: [(limit: Double, text: String)] = [
    (2.5, "up to 2.5 bits"), (3.5, "to 3.5"), (5, "to 5"), (6.9, "to 6.9"), (10, "to 10"),
    (.infinity, "more bits"),
  ]

  /// The class of the cell of a weight.
  static func name(_ row: WeightReport.Row, _ isComparison: Bool) -> String {
    if isComparison {
      guard let decibels = row.decibels else { return "same" }
      return "c\(losses.firstIndex { decibels < $0.limit } ?? losses.count - 1)"
    }
    if row.scheme == "none" { return "same" }
    return "b\(widths.firstIndex { row.bitsPerWeight <= $0.limit } ?? widths.count - 1)"
  }

  static func legend(_ isComparison: Bool) -> String {
    let steps = (isComparison ? losses : widths).enumerated().map { place, step in
      "<span class=\"key \(isComparison ? "c" : "b")\(place)\"></span>\(step.text) "
    }
    let rest = "<span class=\"key same\"></span>\(isComparison ? "as it was" : "not compressed")"
    return "<p class=\"note\">\(steps.joined())\(rest)</p>"
  }
}
