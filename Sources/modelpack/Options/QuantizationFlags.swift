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
