// SPDX-License-Identifier: Apache-2.0
import MIL

/// Where the values that a block defines are read for the last time.
struct Liveness {
  /// By position of the operation: the block's values that nothing reads afterwards.
  private(set) var lastUses: [Int: Set<ValueID>] = [:]
  private var used: Set<ValueID> = []

  init(_ block: Block) {
    var last: [ValueID: Int] = [:]
    var own = Set(block.inputs)
    for (index, operation) in block.operations.enumerated() {
      for id in operation.operands { last[id] = index }
      for nested in operation.blocks {
        for id in Self.reads(nested) { last[id] = index }
      }
      own.formUnion(operation.outputs)
    }
    for id in block.outputs { last[id] = block.operations.count }
    for (id, index) in last where own.contains(id) { lastUses[index, default: []].insert(id) }
    used = Set(last.keys)
  }

  /// Results of `operation` that nothing reads.
  func unused(_ operation: Operation) -> [Int] {
    operation.outputs.filter { !used.contains($0) }.map(\.index)
  }

  /// Everything that a block reads, its own values included.
  private static func reads(_ block: Block) -> Set<ValueID> {
    var found = Set(block.outputs)
    for operation in block.operations {
      found.formUnion(operation.operands)
      for nested in operation.blocks { found.formUnion(reads(nested)) }
    }
    return found
  }
}
