// SPDX-License-Identifier: Apache-2.0
import ModelPackKit

/// What `inspect` shows to people.
struct InspectionListing {
  private let inspection: Inspection

  init(_ inspection: Inspection) {
    self.inspection = inspection
  }

  var text: String {
    let sections = [header] + inspection.functions.map(function) + [weights, needs, metadata]
    return sections.filter { !$0.isEmpty }.joined(separator: "\n")
  }

  private var header: String {
    "\(inspection.path): \(Format.megabytes(inspection.bytes)), specification version "
      + "\(inspection.specificationVersion), for \(inspection.target) and later\n"
  }

  // MARK: Functions

  private func function(_ function: Inspection.FunctionSummary) -> String {
    var text = ""
    if inspection.functions.count > 1 {
      let isDefault = function.name == inspection.defaultFunction
      text += "Function \(function.name)\(isDefault ? " (default)" : "")\n"
    }
    var table = Table(.left, .left, .left, .left)
    for (role, features) in [
      ("input", function.inputs), ("output", function.outputs), ("state", function.states),
    ] {
      for feature in features {
        table.add(
          role, feature.name, feature.elementType.rawValue, feature.shapeText,
          (feature.isOptional ? ["optional"] : [] + [feature.summary]).joined(separator: " "))
      }
    }
    return text + table.text + "\n" + operations(function)
  }

  private func operations(_ function: Inspection.FunctionSummary) -> String {
    let constants = function.operations["const"] ?? 0
    let kinds = function.operations.filter { $0.key != "const" }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let total = kinds.reduce(0) { $0 + $1.value }
    var table = Table(.right, .left, .right, .left, .right, .left)
    // Three columns, filled downwards.
    let height = (kinds.count + 2) / 3
    for row in 0..<height {
      let cells = stride(from: row, to: kinds.count, by: max(height, 1)).map { kinds[$0] }
      switch cells.count {
      case 1: table.add("\(cells[0].value)", cells[0].key)
      case 2: table.add("\(cells[0].value)", cells[0].key, "\(cells[1].value)", cells[1].key)
      default:
        table.add(
          "\(cells[0].value)", cells[0].key, "\(cells[1].value)", cells[1].key,
          "\(cells[2].value)", cells[2].key)
      }
    }
    return "\(Format.count(total, "operation")) and \(Format.count(constants, "constant"))\n"
      + table.text
  }

  // MARK: Weights

  private var weights: String {
    var groups: [String: (bytes: Int, count: Int)] = [:]
    for weight in inspection.weights {
      let kind = weight.compression == "none" ? weight.elementType.rawValue : weight.compression
      groups[kind, default: (0, 0)].bytes += weight.bytes
      groups[kind, default: (0, 0)].count += 1
    }
    let total = inspection.weights.reduce(0) { $0 + $1.bytes }
    if total == 0 { return "no weights\n" }
    var table = Table(.left, .right, .left, .right, .right)
    for (kind, group) in groups.sorted(by: { ($1.value.bytes, $0.key) < ($0.value.bytes, $1.key) })
    {
      let share = Double(group.bytes) / Double(total)
      table.add(
        kind, Format.megabytes(group.bytes), Bar.text(share), "\(Int((share * 100).rounded())) %",
        Format.count(group.count, "tensor"))
    }
    return "\(Format.megabytes(total)) of weights in "
      + "\(Format.count(inspection.weights.count, "tensor"))\n" + table.text
  }

  /// Every weight, the largest first.
  var weightList: String {
    var table = Table(.right, .right, .left, .left, .left, .left, .left)
    let sorted = inspection.weights.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
    for weight in sorted {
      table.add(
        Format.megabytes(weight.bytes), Format.fixed(weight.bitsPerWeight, 2) + " bits",
        weight.elementType.rawValue, weight.shape.map(String.init).joined(separator: ", "),
        weight.name, weight.uses.text,
        weight.compression == "none" ? "" : weight.compression)
    }
    return table.text
  }

  // MARK: The rest

  private var needs: String {
    let list = inspection.requirements.map { need in
      need.count > 1 ? "\(need.what) (\(need.count))" : need.what
    }
    if let minimum = inspection.minimumTarget, minimum != inspection.target {
      return "nothing in it needs more than \(minimum)\n"
    }
    return list.isEmpty ? "" : "needs \(inspection.target) for \(list.joined(separator: ", "))\n"
  }

  private var metadata: String {
    let about = inspection.metadata
    var table = Table(.left, .left)
    for (key, value) in [
      ("description", about.shortDescription), ("author", about.author),
      ("license", about.license), ("version", about.version),
    ] + about.userDefined.sorted(by: { $0.key < $1.key }) where !value.isEmpty {
      table.add(key, value)
    }
    return table.text
  }
}
