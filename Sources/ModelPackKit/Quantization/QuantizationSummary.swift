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
    /// Signal to noise in decibels, where it was measured; infinite where nothing was lost.
    public var decibels: Double?
    /// The largest difference of an element, where it was measured.
    public var largestError: Double?
    /// The share of codes at either end of their range, where it was measured and there are codes.
    public var saturated: Double?
    /// Where the weight is used, where it was measured.
    public var uses: [WeightUse] = []
    /// Why it is not what was asked for.
    public var note: String?
  }

  /// What a `WeightTarget` came to.
  public struct Target: Sendable {
    /// Elements of the weights for which a choice was made.
    public var elements: Int
    /// Bytes that they take.
    public var bytes: Int
    /// Path of the file of settings that holds the choice.
    public var chosen: String

    public var bitsPerElement: Double { Double(bytes) * 8 / Double(max(1, elements)) }
  }

  public var weights: [Weight]
  public var target: Target?
  /// Signal to noise of all quantized weights together, where it was measured.
  public var decibels: Double?

  /// The measured weights with the least signal over noise, the worst first.
  public func worst(_ count: Int = 10) -> [Weight] {
    let measured = weights.compactMap { weight in
      weight.decibels.flatMap { $0.isFinite ? (weight, $0) : nil }
    }
    return measured.sorted { ($0.1, $0.0.name) < ($1.1, $1.0.name) }.prefix(count).map(\.0)
  }

  public var quantized: [Weight] { weights.filter { $0.scheme != nil } }
  public var leftAlone: [Weight] { weights.filter { $0.scheme == nil } }
  public var bytesBefore: Int { weights.reduce(0) { $0 + $1.bytesBefore } }
  public var bytesAfter: Int { weights.reduce(0) { $0 + $1.bytesAfter } }

  package init(_ report: CompressionReport) {
    weights = report.entries.map { entry in
      Weight(
        name: entry.name, function: entry.function, operations: entry.operations,
        shape: entry.shape, scheme: entry.scheme?.description, bytesBefore: entry.bytesBefore,
        bytesAfter: entry.bytesAfter, note: entry.note)
    }
  }

  package var json: JSON {
    .members([
      ("bytesBefore", .integer(bytesBefore)), ("bytesAfter", .integer(bytesAfter)),
      ("target", target?.json), ("decibels", decibels.map { .number($0) }),
      ("worst", decibels == nil ? nil : .array(worst().map { .string($0.name) })),
      ("weights", .array(weights.map(\.json))),
    ])
  }
}

extension QuantizationSummary.Target {
  init(_ plan: BudgetPlan, _ target: WeightTarget) {
    self.init(elements: plan.elements, bytes: plan.bytes, chosen: target.chosen)
  }

  fileprivate var json: JSON {
    .members([
      ("elements", .integer(elements)), ("bytes", .integer(bytes)),
      ("bitsPerElement", .number(bitsPerElement)), ("chosen", .string(chosen)),
    ])
  }
}

extension QuantizationSummary.Weight {
  fileprivate var json: JSON {
    .members([
      ("name", .string(name)), ("function", .string(function)),
      ("operations", .array(operations.map { .string($0) })), ("shape", .shape(shape)),
      ("scheme", scheme.map { .string($0) } ?? .null), ("bytesBefore", .integer(bytesBefore)),
      ("bytesAfter", .integer(bytesAfter)),
      ("decibels", decibels.map { .number($0) }),
      ("largestError", largestError.map { .number($0) }),
      ("saturated", saturated.map { .number($0) }),
      ("uses", decibels == nil ? nil : .array(uses.map(\.json))),
      ("note", note.map { .string($0) }),
    ])
  }
}
