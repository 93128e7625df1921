// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ModelPackKit

/// The type that weights are quantized to.
enum QuantizationFlag: String, EnumerableFlag {
  case int4, int8, uint4, uint8

  static func help(for value: QuantizationFlag) -> ArgumentHelp? {
    "Quantize weights to \(value.rawValue)."
  }

  var elementType: ElementType {
    switch self {
    case .int4: .int4
    case .int8: .int8
    case .uint4: .uint4
    case .uint8: .uint8
    }
  }
}

/// Types of weights that users of other tools ask for and that Core ML does not have.
enum UnscaledFlag: String, EnumerableFlag {
  case int1, int2, int3, int6, uint1, uint2, uint3, uint6

  static func help(for value: UnscaledFlag) -> ArgumentHelp? { .hidden }

  /// The width decides; Core ML has unsigned indices only.
  var elementType: ElementType {
    switch self {
    case .int1, .uint1: .uint1
    case .int2, .uint2: .uint2
    case .int3, .uint3: .uint3
    case .int6, .uint6: .uint6
    }
  }
}

/// How the scale of a block is found.
enum FitOption: String, ExpressibleByArgument, CaseIterable {
  case minMax = "min-max"
  case error

  var fit: QuantizationSettings.Fit { self == .error ? .error : .minMax }
}

/// Which elements share a scale, without the size of blocks.
enum GranularityFlag: String, EnumerableFlag {
  case perChannel, perTensor

  static func help(for value: GranularityFlag) -> ArgumentHelp? {
    switch value {
    case .perChannel: "One scale for each output channel (default of 8 bits)."
    case .perTensor: "One scale for the whole weight."
    }
  }
}

enum ModeFlag: String, EnumerableFlag {
  case symmetric, asymmetric

  static func help(for value: ModeFlag) -> ArgumentHelp? {
    switch value {
    case .symmetric: "Ranges around zero (default)."
    case .asymmetric: "Ranges from the smallest to the largest value, with zero points."
    }
  }
}
