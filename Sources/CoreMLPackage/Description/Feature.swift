// SPDX-License-Identifier: Apache-2.0
package import Tensors

/// An input, output or state as the description of a model declares it.
package struct Feature: Hashable, Sendable {
  package var name: String
  package var shortDescription: String
  package var type: FeatureType
  package var isOptional: Bool

  package init(
    _ name: String, _ type: FeatureType, shortDescription: String = "", isOptional: Bool = false
  ) {
    self.name = name
    self.type = type
    self.shortDescription = shortDescription
    self.isOptional = isOptional
  }
}

/// What a feature holds.
package enum FeatureType: Hashable, Sendable {
  case multiArray(ArrayFeature)
  /// A tensor that outlives a prediction.
  case state(ArrayFeature)
  case image(ImageFeature)
  /// Probabilities by class label.
  case dictionary(key: Label)
  case sequence(of: Label, length: SizeRange?)
  case int64
  case double
  case string

  package enum Label: String, Hashable, Sendable { case int64, string }
}

/// A tensor: its dtype, its default shape, and the shapes it may have instead.
package struct ArrayFeature: Hashable, Sendable {
  /// float16, float32, float64, int8 or int32; `nil` where none is declared.
  package var dtype: DType?
  /// The default shape; empty where none is declared, as for outputs of flexible shape.
  package var shape: [Int]
  package var flexibility: Flexibility?
  /// What an optional input holds when it is not given.
  package var defaultValue: DefaultValue?

  package enum Flexibility: Hashable, Sendable {
    /// The shapes allowed, the default first.
    case enumerated([[Int]])
    /// The extents allowed, per axis.
    case ranges([SizeRange])
  }

  package enum DefaultValue: Hashable, Sendable {
    case int(Int32)
    case float(Float)
    case double(Double)
  }

  package init(
    _ dtype: DType?, _ shape: [Int], flexibility: Flexibility? = nil,
    defaultValue: DefaultValue? = nil
  ) {
    self.dtype = dtype
    self.shape = shape
    self.flexibility = flexibility
    self.defaultValue = defaultValue
  }
}

/// Inclusive bounds of an extent; `upper` is `nil` when unbounded.
package struct SizeRange: Hashable, Sendable {
  package var lower: Int
  package var upper: Int?

  package init(_ lower: Int, _ upper: Int?) {
    self.lower = lower
    self.upper = upper
  }

  /// `64`, `1...512` or `1...`.
  package var description: String {
    lower == upper ? "\(lower)" : "\(lower)...\(upper.map(String.init) ?? "")"
  }
}

/// An image of 8 bits per channel, or one channel of float16.
package struct ImageFeature: Hashable, Sendable {
  package var width: Int
  package var height: Int
  package var colorSpace: ColorSpace
  package var flexibility: Flexibility?

  /// Raw values are the codes of the format.
  package enum ColorSpace: Int64, Hashable, Sendable {
    case undeclared = 0
    case grayscale = 10
    case rgb = 20
    case bgr = 30
    case grayscaleFloat16 = 40
  }

  package struct Size: Hashable, Sendable {
    package var width: Int
    package var height: Int

    package init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }
  }

  package enum Flexibility: Hashable, Sendable {
    case enumerated([Size])
    case ranges(width: SizeRange, height: SizeRange)
  }

  package init(
    width: Int, height: Int, colorSpace: ColorSpace, flexibility: Flexibility? = nil
  ) {
    self.width = width
    self.height = height
    self.colorSpace = colorSpace
    self.flexibility = flexibility
  }
}

extension Feature {
  /// The tensor, where the feature is one or a state of one.
  package var array: ArrayFeature? {
    switch type {
    case .multiArray(let array), .state(let array): array
    default: nil
    }
  }
}
