// SPDX-License-Identifier: Apache-2.0
import CKernels
package import Diagnostics
package import Tensors

/// How a weight is quantized linearly: to which codes, and which elements share a scale.
///
/// Ranges and rounding are in `docs/formats/quantization.md`.
package struct QuantizationScheme: Hashable, Sendable {
  package enum Granularity: Hashable, Sendable {
    /// One scale for this many elements along the input channels of each output channel.
    case block(Int)
    case perChannel
    case perTensor
  }

  package enum Mode: String, Hashable, Sendable, CaseIterable {
    /// The range of a block is symmetric around zero, so that zero has a code of its own.
    case symmetric
    /// The range of a block is that of its values and zero.
    case asymmetric
  }

  /// How the scale and the zero point of a block are found.
  package enum Fit: String, Hashable, Sendable, CaseIterable {
    /// From its smallest and largest element, exactly as coremltools does.
    case minMax = "min-max"
    /// By a search for the least squared error of what is stored.
    case error
  }

  package static let dtypes: [DType] = [.int4, .uint4, .int8, .uint8]

  package let dtype: DType
  package let granularity: Granularity
  package let mode: Mode
  package let fit: Fit

  /// C1: `dtype` is one of `dtypes`. C2: a block has at least one element.
  package init(
    _ dtype: DType, _ granularity: Granularity, _ mode: Mode = .symmetric, fit: Fit = .minMax
  ) throws {
    guard Self.dtypes.contains(dtype) else { throw Diagnostic.badDType(dtype) }
    if case .block(let size) = granularity, size < 1 { throw Diagnostic.badBlock(size) }
    self.init(unchecked: dtype, granularity, mode, fit)
  }

  private init(unchecked dtype: DType, _ granularity: Granularity, _ mode: Mode, _ fit: Fit) {
    self.dtype = dtype
    self.granularity = granularity
    self.mode = mode
    self.fit = fit
  }

  /// The same codes with other blocks.
  func with(_ granularity: Granularity) -> QuantizationScheme {
    QuantizationScheme(unchecked: dtype, granularity, mode, fit)
  }

  /// Whether the blocks have zero points that must be stored.
  var hasOffset: Bool { mode == .asymmetric || dtype.isUnsignedInteger }

  /// The scheme in the words of the kernels, for a weight of `dtype` float16 or float32.
  func kernelScheme(for weight: DType) -> mpk_quantization {
    mpk_quantization(
      bits: UInt8(dtype.bitWidth), is_signed: dtype.isSignedInteger ? 1 : 0,
      is_symmetric: mode == .symmetric ? 1 : 0, is_half: weight == .float16 ? 1 : 0,
      is_full: fit == .error ? 1 : 0)
  }

  /// The smallest and largest code.
  package var codes: ClosedRange<Int> {
    var low: Int32 = 0
    var high: Int32 = 0
    mpk_code_range(kernelScheme(for: .float32), &low, &high)
    return Int(low)...Int(high)
  }
}

extension QuantizationScheme.Granularity: CustomStringConvertible {
  /// `blocks of 32`, `per channel`, `per tensor`.
  package var description: String {
    switch self {
    case .block(let size): "blocks of \(size)"
    case .perChannel: "per channel"
    case .perTensor: "per tensor"
    }
  }
}

extension QuantizationScheme: CustomStringConvertible {
  /// `int4 symmetric, blocks of 32`; with `, least error` if it is searched for.
  package var description: String {
    "\(dtype.rawValue) \(mode.rawValue), \(granularity)"
      + (fit == .error ? ", least error" : "")
  }
}

extension Diagnostic {
  /// Widths that Core ML knows as indices of tables only.
  package static func unscaledBits(_ name: String, _ bits: Int) -> Diagnostic {
    .error(
      .usage, "Core ML has no weights of \(name) with a scale (it has int4, uint4, int8, uint8)",
      fix: "use --palette \(bits) --palette-mode uniform, a table of evenly spaced values")
  }

  fileprivate static func badDType(_ dtype: DType) -> Diagnostic {
    let names = QuantizationScheme.dtypes.map(\.rawValue).joined(separator: ", ")
    if dtype.isInteger && dtype.bitWidth < 8 { return unscaledBits(dtype.rawValue, dtype.bitWidth) }
    return .error(
      .usage, "weights cannot be quantized to \(dtype.rawValue)", fix: "use one of \(names)")
  }

  fileprivate static func badBlock(_ size: Int) -> Diagnostic {
    .error(
      .usage, "a block of \(size) elements is impossible",
      fix: "use a size of 1 or more, such as 32")
  }
}
