// SPDX-License-Identifier: Apache-2.0

extension ONNXLowering {
  /// The table of supported operators that `docs/onnx-coverage.md` has.
  package static var coverageTable: String {
    var lines = [
      "| operator | domain | opsets | inputs | attributes |", "|---|---|---|---|---|",
    ]
    let operators = Dictionary(grouping: all) { "\($0.domain):\($0.opType)" }
    for (_, rows) in operators.sorted(by: { $0.value[0].opType < $1.value[0].opType }) {
      let sorted = rows.sorted { $0.since < $1.since }
      guard let newest = sorted.last else { continue }
      let versions = sorted.enumerated().map { index, row in
        let first = max(row.since, ONNXModel.knownOpsets.lowerBound)
        guard index + 1 < sorted.count else { return "\(first)+" }
        let last = sorted[index + 1].since - 1
        return last < first ? "" : first == last ? "\(first)" : "\(first)-\(last)"
      }
      let ports = newest.inputs.map {
        "`\($0.name)`" + ($0.isOptional ? "?" : $0.isVariadic ? "..." : "")
      }
      let cells = [
        newest.opType, newest.domain.isEmpty ? "ai.onnx" : newest.domain,
        versions.filter { !$0.isEmpty }.joined(separator: ", "), ports.joined(separator: " "),
        newest.attributes.sorted().map { "`\($0)`" }.joined(separator: " "),
      ]
      lines.append("| " + cells.joined(separator: " | ") + " |")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
