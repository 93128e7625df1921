// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import MIL
import Tensors

extension ONNXLowering {
  /// One of two graphs. Where the condition is known, only that graph is lowered.
  static let `if`: [ONNXLowering] = [
    .custom("If", "cond", attributes: "then_branch else_branch") { node, build in
      let (then, otherwise) = (try node.graph("then_branch"), try node.graph("else_branch"))
      if let known = try node.known("cond")?.bools, known.count == 1 {
        return try node.lowering.results(of: known[0] ? then : otherwise)
      }
      var dtypes: [DType] = []
      let blocks = try [then, otherwise].map { graph in
        try build.block { _ in
          let results = try node.lowering.inBlock { try node.lowering.results(of: graph) }
          dtypes = results.map(\.dtype)
          // A branch gives values of its own, also where it passes one through.
          return try results.map {
            try build.mil.identity(x: node.lowering.tensor($0, "cond", node))
          }
        }
      }
      let flag = try build.single(node.value("cond"))
      let results = try build.emit("cond", ["pred": flag], blocks: blocks)
      return zip(results, dtypes).map { ONNXValue($0, $1) }
    }
  ]
}

extension GraphLowering {
  /// The results of a graph that sees the names around it. Throws `DependsOnFailure` where a node
  /// of it, which is then reported, could not be lowered.
  func results(
    of graph: ONNXGraph, given inputs: [(name: String, value: ONNXValue)] = []
  ) throws -> [ONNXValue] {
    let origin = (build.origin, build.nameHint)
    defer { (build.origin, build.nameHint) = origin }
    let frame = Frame(seesOuter: true, opsets: opsets)
    return try inFrame(frame) {
      for (name, value) in inputs { define(name, value) }
      run(graph)
      (build.origin, build.nameHint) = origin
      let results = try graph.outputs.map { try lookup($0.name) }
      if results.contains(where: \.isPoisoned) { throw DependsOnFailure() }
      return results
    }
  }

  /// Runs `body` inside a block: constants that it makes are not seen outside.
  func inBlock<T>(_ body: () throws -> T) rethrows -> T {
    blockDepth += 1
    defer { blockDepth -= 1 }
    return try body()
  }
}
