// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import ModelPackKit

@Suite struct WeightPageTests {
  private func row(_ name: String, _ bytes: Int, decibels: Double? = nil) -> WeightReport.Row {
    WeightReport.Row(
      name: name, function: "main", shape: [bytes, 2], scheme: decibels == nil ? "none" : "int4",
      bytesBefore: bytes * 4, bytes: bytes, decibels: decibels, largestError: 0.1, saturated: 0.5,
      uses: [])
  }

  private func count(_ text: String, in page: String) -> Int {
    page.ranges(of: text).count
  }

  @Test func nothingOfAModelIsMarkup() {
    let hostile = "<script>alert('1')</script>\u{202E}\"&\u{0}"
    var report = WeightReport(title: hostile, isComparison: true)
    report.facts = [(hostile, hostile)]
    report.rows = [row(hostile, 1000, decibels: 20), row("b" + hostile, 500)]
    report.rows[0].scheme = hostile
    report.rows[0].function = hostile
    report.distributions = [
      .init(row: 0, range: -1...1, before: [1, 2], after: [2, 1])
    ]
    let page = WeightPage(report).html
    #expect(count("<script", in: page) == 1)
    #expect(count("</script", in: page) == 1)
    #expect(!page.contains("alert('1')"))
    #expect(!page.unicodeScalars.contains("\u{202E}") && !page.unicodeScalars.contains("\u{0}"))
    #expect(
      page.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;\u{FFFD}&quot;&amp;\u{FFFD}"))
    #expect(!page.contains("://"))
  }

  @Test func everyWeightHasACellAndARow() {
    var report = WeightReport(title: "m", isComparison: false)
    report.rows = (0..<50).map { row("layers_\($0 / 5)_part_\($0 % 5)_weight", 100 + $0) }
    let page = WeightPage(report).html
    #expect(count("<rect class=\"cell ", in: page) == 50)
    #expect(count("<tr id=\"w", in: page) == 50)
    #expect(page == WeightPage(report).html)
  }

  @Test func modulesFollowNames() {
    let names = [
      "model_layers_0_attention_q_proj_weight_to_fp16",
      "model_layers_0_attention_k_proj_weight_to_fp16", "model_layers_0_mlp_up_weight",
      "model_layers_1_mlp_up_weight", "model_norm", "model_norm",
    ]
    let tree = ModuleTree(names.enumerated().map { ($1, 10 * ($0 + 1)) })
    func outline(_ node: ModuleTree) -> String {
      node.label
        + (node.children.isEmpty
          ? "" : "(" + node.children.map(outline).joined(separator: ", ") + ")")
    }
    #expect(
      outline(tree)
        == "(model(norm(norm, norm), layers(layers 0("
        + "attention(k_proj, q_proj), mlp_up), layers 1_mlp_up)))")
    #expect(tree.bytes == 210)
  }

  @Test(arguments: [[6.0, 6, 4, 3, 2, 2, 1], [1], [5, 0], [100, 1, 1, 1, 1]])
  func boxesFillTheirBox(_ sizes: [Double]) {
    let box = Box(x: 10, y: 20, width: 600, height: 400)
    let boxes = Treemap.boxes(sizes, in: box)
    let total = sizes.reduce(0, +)
    for (size, part) in zip(sizes, boxes) {
      #expect(abs(part.area - size / total * box.area) < 1e-6 * box.area)
      #expect(part.x >= 10 - 1e-6 && part.y >= 20 - 1e-6)
      #expect(part.x + part.width <= 610 + 1e-6 && part.y + part.height <= 420 + 1e-6)
    }
    for (index, a) in boxes.enumerated() {
      for b in boxes[(index + 1)...] {
        let width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
        let height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
        #expect(width < 1e-6 || height < 1e-6)
      }
    }
  }
}
