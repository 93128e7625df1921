// SPDX-License-Identifier: Apache-2.0

/// Where something is: any of a file, an entry in it, an operation, its module and its source line.
///
/// Also the provenance that every operation of a program carries through every pass.
public struct Location: Hashable, Sendable {
  /// Path of the file as the user gave it.
  public var file: String?
  /// Entry of an archive or package.
  public var entry: String?
  /// The operation in the words of its source (`aten.softmax.int`, `Conv`).
  public var operation: String?
  /// Name of the node in the source graph.
  public var node: String?
  /// Module path of the source (`layers.0.attention`).
  public var module: String?
  /// File and line of the Python source (`model.py:37`), where the export recorded it.
  public var sourceLine: String?

  public init(
    file: String? = nil, entry: String? = nil, operation: String? = nil, node: String? = nil,
    module: String? = nil, sourceLine: String? = nil
  ) {
    self.file = file
    self.entry = entry
    self.operation = operation
    self.node = node
    self.module = module
    self.sourceLine = sourceLine
  }
}

extension Location: CustomStringConvertible {
  /// `model.pt2 > models/model.json: aten.softmax.int 'softmax_1' in layers.0.attention (llm.py:19)`.
  public var description: String {
    var place = [file, entry].compactMap { $0 }.joined(separator: " > ")
    var what = [operation, node.map { "'\($0)'" }].compactMap { $0 }.joined(separator: " ")
    if let module, !module.isEmpty { what += (what.isEmpty ? "in " : " in ") + module }
    if let sourceLine { what += (what.isEmpty ? "" : " ") + "(\(sourceLine))" }
    if !place.isEmpty && !what.isEmpty { place += ": " }
    return place + what
  }
}
