// SPDX-License-Identifier: Apache-2.0

/// An input, output or state as a model declares it.
public struct FeatureDescription: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case multiArray, image, state, dictionary, sequence, number, string
  }

  /// The shapes that a feature may have.
  public enum Flexibility: Hashable, Sendable {
    /// Only the default shape.
    case fixed
    /// One of these; the default first.
    case enumerated([[Int]])
    /// Each extent within bounds of its own.
    case ranges([Extent])
  }

  /// Bounds of an extent; `upper` is nil when there is none.
  public struct Extent: Hashable, Sendable {
    public var lower: Int
    public var upper: Int?

    public init(lower: Int, upper: Int?) {
      self.lower = lower
      self.upper = upper
    }
  }

  public var name: String
  public var kind: Kind
  /// The type of the tensor that predictions exchange, pixels of an image included.
  public var elementType: ElementType
  /// The default shape; nil for an extent that is known only when the model runs.
  public var shape: [Int?]
  public var flexibility: Flexibility
  /// What the model says about the feature, and of images the color space.
  public var summary: String
  public var isOptional: Bool

  public init(
    name: String, kind: Kind = .multiArray, elementType: ElementType, shape: [Int?],
    flexibility: Flexibility = .fixed, summary: String = "", isOptional: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.elementType = elementType
    self.shape = shape
    self.flexibility = flexibility
    self.summary = summary
    self.isOptional = isOptional
  }
}

extension FeatureDescription.Extent: CustomStringConvertible {
  /// `64`, `1...512`, `2...`, or `?` where anything goes.
  public var description: String {
    if upper == nil && lower <= 1 { return "?" }
    return lower == upper ? "\(lower)" : "\(lower)...\(upper.map(String.init) ?? "")"
  }
}

extension FeatureDescription: CustomStringConvertible {
  /// The shapes in words: `1, 3, 224, 224` or `1, 1...512` or `{1, 64} or {1, 128}`.
  public var shapeText: String {
    switch flexibility {
    case .fixed:
      shape.isEmpty && kind != .multiArray && kind != .state
        ? "" : shape.map { $0.map(String.init) ?? "?" }.joined(separator: ", ")
    case .ranges(let extents): extents.map(\.description).joined(separator: ", ")
    case .enumerated(let shapes):
      shapes.map { "{" + $0.map(String.init).joined(separator: ", ") + "}" }
        .joined(separator: " or ")
    }
  }

  /// `tokens: int32[1, 1...512]`.
  public var description: String { "\(name): \(elementType.rawValue)[\(shapeText)]" }
}
