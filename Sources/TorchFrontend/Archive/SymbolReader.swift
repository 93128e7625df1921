// SPDX-License-Identifier: Apache-2.0
import Containers
import MIL

/// The symbols of a program: ranges from `range_constraints`, examples from the hints of sizes.
enum SymbolReader {
  static func symbols(_ model: JSONNode, graph: JSONNode) throws -> SymbolTable {
    var table = SymbolTable()
    for (name, node) in try model.optional("range_constraints")?.members() ?? [] {
      let lower = try node.optional("min_val").map { try $0.int() } ?? 0
      let upper = try node.optional("max_val").map { try $0.int() }
      guard upper == nil || upper! >= lower else {
        throw node.fails("the range \(lower) to \(upper!) is empty")
      }
      // PyTorch writes "no bound" as the largest value of some integer type.
      let bound = upper.flatMap { $0 >= Int64(Int32.max) - 1 ? nil : Int($0) }
      table[name] = .init(lower: max(0, Int(lower)), upper: bound)
    }
    for (_, tensor) in try graph.member("tensor_values").members() {
      for size in try tensor.elements("sizes") { try addExample(size, &table) }
    }
    return table
  }

  private static func addExample(_ size: JSONNode, _ table: inout SymbolTable) throws {
    guard let expression = try size.optional("as_expr"),
      // A size that cannot be expressed is reported where it is used.
      let name = try? SymbolicExpression.parse(expression.string("expr_str")).symbol,
      let hint = try expression.optional("hint")?.optional("as_int")?.int()
    else { return }
    var entry = table[name] ?? .init()
    if entry.example == nil { entry.example = Int(hint) }
    table[name] = entry
  }
}
