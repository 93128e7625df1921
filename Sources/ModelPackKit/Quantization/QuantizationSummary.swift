// SPDX-License-Identifier: Apache-2.0
package import Compression
package import Containers

/// What quantization did to each weight.
public struct QuantizationSummary: Sendable {
  public struct Weight: Sendable {
    public var name: String
    public var function: String
    /// The operations that use the weight.
    public var operations: [String]
    public var shape: [Int]
    /// What it was quantized to (`int4 symmetric, blocks of 32`); nil if it was left as it is.
    public var scheme: String?
    public var bytesBefore: Int
    public var bytesAfter: Int
    /// Signal to noise in decibels, where it was measured.
    public var decibels: Double?
    /// The largest difference of an element, where it was measured.
    public var largestError: Double?
    /// The share of codes at either end of their range, 0 to 1, where it was measured.
    public var saturatedShare: Double?
    /// Why it is not what was asked for.
    public var note: String?
  }

  public var weights: [Weight]

  public var quantized: [Weight] { weights.filter { $0.scheme != nil } }
  public var leftAlone: [Weight] { weights.filter { $0.scheme == nil } }
  public var bytesBefore: Int { weights.reduce(0) { $0 + $1.bytesBefore } }
  public var bytesAfter: Int { weights.reduce(0) { $0 + $1.bytesAfter } }

  package init(_ report: CompressionReport) {
    weights = report.entries.map { entry in
      Weight(
        name: entry.name, function: entry.function, operations: entry.operations,
        shape: entry.shape, scheme: entry.scheme?.description, bytesBefore: entry.bytesBefore,
        bytesAfter: entry.bytesAfter, decibels: entry.error?.decibels,
        largestError: entry.error?.largest, saturatedShare: entry.error?.saturated,
        note: entry.note)
    }
  }

  package var json: JSON {
    [
      "bytesBefore": .integer(bytesBefore), "bytesAfter": .integer(bytesAfter),
      "weights": .array(weights.map(\.json)),
    ]
  }
}

extension QuantizationSummary.Weight {
  fileprivate var json: JSON {
    .members([
      ("name", .string(name)), ("function", .string(function)),
      ("operations", .array(operations.map { .string($0) })), ("shape", .shape(shape)),
      ("scheme", scheme.map { .string($0) } ?? .null), ("bytesBefore", .integer(bytesBefore)),
      ("bytesAfter", .integer(bytesAfter)),
      ("decibels", decibels.flatMap { $0.isFinite ? .double($0) : nil }),
      ("largestError", largestError.flatMap { $0.isFinite ? .double($0) : nil }),
      ("saturatedShare", saturatedShare.map { .double($0) }),
      ("note", note.map { .string($0) }),
    ])
  }
}
