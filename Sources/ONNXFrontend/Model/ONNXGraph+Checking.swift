// SPDX-License-Identifier: Apache-2.0
import Diagnostics

extension ONNXGraph {
  /// Checks that every name is defined once, and before it is used; nodes that the file lists in
  /// another order are sorted. Throws `.malformed` for duplicates, undefined names and cycles.
  mutating func check(outer: Set<String>) throws {
    var known = outer
    var seen = Set<String>()
    for input in inputs {
      guard seen.insert(input.name).inserted else { throw twice("input", input.name) }
    }
    var tensors = Set<String>()
    for tensor in initializers {
      guard !tensor.name.isEmpty else {
        throw Diagnostic.error(.malformed, "an initializer has no name")
      }
      guard tensors.insert(tensor.name).inserted else { throw twice("initializer", tensor.name) }
    }
    known.formUnion(seen)
    known.formUnion(tensors)
    let producers = try producersByName(given: seen.union(tensors))
    try checkDefined(known.union(producers.keys))
    try sort(known: known, producers)
    var results = Set<String>()
    for output in outputs {
      guard results.insert(output.name).inserted else { throw twice("output", output.name) }
      guard known.contains(output.name) || producers[output.name] != nil else {
        throw Diagnostic.error(.malformed, "output '\(output.name)' is not computed by any node")
      }
    }
  }

  private func twice(_ what: String, _ name: String) -> Diagnostic {
    .error(.malformed, "the graph has two \(what)s named '\(name)'")
  }

  private func producersByName(given: Set<String>) throws -> [String: Int] {
    var producers: [String: Int] = [:]
    for (index, node) in nodes.enumerated() {
      for name in node.outputs where !name.isEmpty {
        if let first = producers.updateValue(index, forKey: name) {
          throw Diagnostic.error(
            .malformed, at: node.location,
            "computes '\(name)', which node '\(nodes[first].name)' computes too")
        }
        guard !given.contains(name) else {
          throw Diagnostic.error(
            .malformed, at: node.location,
            "computes '\(name)', which is an input or initializer of the graph")
        }
      }
    }
    return producers
  }

  private func checkDefined(_ names: Set<String>) throws {
    for node in nodes {
      for name in node.inputs where !name.isEmpty && !names.contains(name) {
        throw Diagnostic.error(
          .malformed, at: node.location, "reads '\(name)', which nothing computes")
      }
    }
  }

  /// Puts every node after those whose results it, or a graph within it, reads.
  private mutating func sort(known: Set<String>, _ producers: [String: Int]) throws {
    let needs = nodes.map { node in
      Set(node.reads.compactMap { producers[$0] })
    }
    let isSorted = needs.enumerated().allSatisfy { index, needed in
      needed.allSatisfy { $0 < index }
    }
    if isSorted { return }
    var missing = needs.map(\.count)
    var users = [[Int]](repeating: [], count: nodes.count)
    for (index, needed) in needs.enumerated() {
      for producer in needed { users[producer].append(index) }
    }
    var ready = missing.indices.filter { missing[$0] == 0 }
    var order: [Int] = []
    while order.count < ready.count {
      let index = ready[order.count]
      order.append(index)
      for user in users[index].sorted() {
        missing[user] -= 1
        if missing[user] == 0 { ready.append(user) }
      }
    }
    guard order.count == nodes.count else {
      throw cycle(through: missing.firstIndex { $0 > 0 } ?? 0, needs, missing)
    }
    nodes = order.map { nodes[$0] }
  }

  /// Follows what is missing from `start` until a node comes again.
  private func cycle(through start: Int, _ needs: [Set<Int>], _ missing: [Int]) -> Diagnostic {
    var path: [Int] = []
    var index = start
    while !path.contains(index) {
      path.append(index)
      index = needs[index].filter { missing[$0] > 0 }.min() ?? index
    }
    let loop = path[(path.firstIndex(of: index) ?? 0)...].map { "'\(nodes[$0].name)'" }
    let shown = loop.prefix(8).joined(separator: ", ") + (loop.count > 8 ? ", ..." : "")
    return .error(.malformed, at: nodes[index].location, "is part of a cycle of nodes: \(shown)")
  }
}

extension ONNXNode {
  /// The names that the node reads, including those that graphs within it take from around them.
  var reads: Set<String> {
    var names = Set(inputs)
    for attribute in attributes.values {
      switch attribute {
      case .graph(let graph): names.formUnion(graph.captures)
      case .graphs(let graphs): for graph in graphs { names.formUnion(graph.captures) }
      default: break
      }
    }
    names.remove("")
    return names
  }
}

extension ONNXGraph {
  /// The names that the graph reads and does not define.
  var captures: Set<String> {
    var read = Set(outputs.map(\.name))
    var defined = Set(inputs.map(\.name) + initializers.map(\.name))
    for node in nodes {
      read.formUnion(node.reads)
      defined.formUnion(node.outputs)
    }
    return read.subtracting(defined)
  }
}
