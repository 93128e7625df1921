// SPDX-License-Identifier: Apache-2.0

/// How often the values of a weight occur.
struct DistributionFigure {
  private let distribution: WeightReport.Distribution
  private let row: WeightReport.Row
  private static let size = (width: 288.0, height: 90.0)

  init(_ distribution: WeightReport.Distribution, _ row: WeightReport.Row) {
    self.distribution = distribution
    self.row = row
  }

  var html: String {
    let (width, height) = Self.size
    var about = row.scheme == "none" ? "dense" : row.scheme
    if let decibels = row.decibels { about = "\(WeightReport.decibels(decibels)), \(about)" }
    var shapes = ""
    if let before = distribution.before {
      shapes += "<path class=\"before\" d=\"\(outline(before, isClosed: true))\"/>"
      shapes += "<path class=\"after\" d=\"\(outline(distribution.after, isClosed: false))\"/>"
    } else {
      shapes += "<path class=\"only\" d=\"\(outline(distribution.after, isClosed: true))\"/>"
    }
    return """
      <figure><figcaption><a href="#w\(distribution.row)">\(HTML.text(row.name))</a>\
      <small>\(HTML.text(about))</small></figcaption>\
      <svg viewBox="0 0 \(HTML.number(width)) \(HTML.number(height))" role="img" \
      aria-label="Distribution">\(shapes)</svg>\
      <div class="ends"><span>\(end(distribution.range.lowerBound))</span>\
      <span>\(end(distribution.range.upperBound))</span></div></figure>
      """
  }

  private func end(_ value: Double) -> String {
    abs(value) >= 0.01 && abs(value) < 1000 ? Format.fixed(value, 3) : Format.scientific(value)
  }

  /// Steps as high as the square roots of the counts.
  private func outline(_ counts: [Int], isClosed: Bool) -> String {
    let (width, height) = Self.size
    let most = max(counts.max() ?? 0, distribution.before?.max() ?? 0, 1)
    let step = width / Double(max(1, counts.count))
    var path = "M0 \(HTML.number(height))"
    for (place, count) in counts.enumerated() {
      let share = (Double(count) / Double(most)).squareRoot()
      path += "V\(HTML.number(height - share * (height - 4)))"
      path += "H\(HTML.number(Double(place + 1) * step))"
    }
    return path + "V\(HTML.number(height))" + (isClosed ? "Z" : "")
  }
}
