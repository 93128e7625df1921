// SPDX-License-Identifier: Apache-2.0
import Compression
package import Containers

/// What decompression did.
public struct DecompressionSummary: Sendable {
  /// A weight that was compressed.
  public struct Weight: Hashable, Sendable {
    public var name: String
    public var function: String
    public var shape: [Int]
    /// The type of the dense values.
    public var elementType: ElementType
    /// How it was compressed (`int4 blocks of 32`).
    public var compression: String
    public var bytesBefore: Int
    public var bytesAfter: Int
  }

  public var weights: [Weight]

  public var bytesBefore: Int { weights.reduce(0) { $0 + $1.bytesBefore } }
  public var bytesAfter: Int { weights.reduce(0) { $0 + $1.bytesAfter } }

  init(_ report: CompressionReport) {
    weights = report.entries.map { entry in
      Weight(
        name: entry.name, function: entry.function, shape: entry.shape,
        elementType: ElementType(entry.dtype), compression: entry.note ?? "",
        bytesBefore: entry.bytesBefore, bytesAfter: entry.bytesAfter)
    }
  }

  /// The document of `decompress --json`; see `Schemas/decompress.schema.json`.
  package var json: JSON {
    [
      "bytesBefore": .integer(bytesBefore), "bytesAfter": .integer(bytesAfter),
      "weights": .array(
        weights.map { weight in
          [
            "name": .string(weight.name), "function": .string(weight.function),
            "shape": .shape(weight.shape), "dtype": .string(weight.elementType.rawValue),
            "compression": .string(weight.compression),
            "bytesBefore": .integer(weight.bytesBefore),
            "bytesAfter": .integer(weight.bytesAfter),
          ]
        }),
    ]
  }
}
