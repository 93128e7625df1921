// SPDX-License-Identifier: Apache-2.0
import CKernels
import Diagnostics

/// Conversion of element types over buffers.
enum Conversion {
  /// Converts `count` elements. Floats round to nearest even, integers saturate, `bool` is 0 or 1.
  static func convert(
    _ input: UnsafeRawBufferPointer, _ from: DType, to output: UnsafeMutableRawBufferPointer,
    _ to: DType, count: Int
  ) throws {
    if count == 0 { return }
    if from == to { return output.copyMemory(from: input) }
    if from.isInteger || from == .bool, to.isInteger || to == .bool {
      return try integers(input, from, to: output, to, count: count)
    }
    if to == .float32 {
      return try widen(input, from, to: output.bindMemory(to: Float.self), count: count)
    }
    let floats = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
    defer { floats.deallocate() }
    try widen(input, from, to: floats, count: count)
    try narrow(UnsafeBufferPointer(floats), to: output, to)
  }

  private static func widen(
    _ input: UnsafeRawBufferPointer, _ from: DType, to output: UnsafeMutableBufferPointer<Float>,
    count: Int
  ) throws {
    let y = output.baseAddress
    switch from {
    case .float32: UnsafeMutableRawBufferPointer(output).copyMemory(from: input)
    case .float16: mpk_f16_to_f32(words(input), y, count)
    case .bfloat16: mpk_bf16_to_f32(words(input), y, count)
    case .float64: mpk_f64_to_f32(words(input), y, count)
    case .uint8, .bool: mpk_u8_to_f32(words(input), y, count)
    case .int8: mpk_i8_to_f32(words(input), y, count)
    case .uint16: mpk_u16_to_f32(words(input), y, count)
    case .int16: mpk_i16_to_f32(words(input), y, count)
    case .int32: mpk_i32_to_f32(words(input), y, count)
    case .int64: each(input, as: Int64.self, count) { output[$0] = Float($1) }
    case .uint32: each(input, as: UInt32.self, count) { output[$0] = Float($1) }
    default: throw unsupported(from, .float32)
    }
  }

  private static func narrow(
    _ input: UnsafeBufferPointer<Float>, to output: UnsafeMutableRawBufferPointer, _ to: DType
  ) throws {
    switch to {
    case .float16:
      mpk_f32_to_f16(
        input.baseAddress, output.baseAddress?.assumingMemoryBound(to: UInt16.self), input.count)
    case .float64: store(input, output) { Double($0) }
    case .int32: store(input, output) { Int32(saturating: Double($0)) }
    case .int16: store(input, output) { Int16(saturating: Double($0)) }
    case .int8: store(input, output) { Int8(saturating: Double($0)) }
    case .uint8: store(input, output) { UInt8(saturating: Double($0)) }
    case .uint16: store(input, output) { UInt16(saturating: Double($0)) }
    case .uint32: store(input, output) { UInt32(saturating: Double($0)) }
    case .int64: store(input, output) { Int64(saturating: Double($0)) }
    case .bool: store(input, output) { UInt8($0 != 0 ? 1 : 0) }
    default: throw unsupported(.float32, to)
    }
  }

  private static func integers(
    _ input: UnsafeRawBufferPointer, _ from: DType, to output: UnsafeMutableRawBufferPointer,
    _ to: DType, count: Int
  ) throws {
    switch from {
    case .int64: try store(input, as: Int64.self, output, to, count)
    case .int32: try store(input, as: Int32.self, output, to, count)
    case .int16: try store(input, as: Int16.self, output, to, count)
    case .int8: try store(input, as: Int8.self, output, to, count)
    case .uint8, .bool: try store(input, as: UInt8.self, output, to, count)
    case .uint16: try store(input, as: UInt16.self, output, to, count)
    case .uint32: try store(input, as: UInt32.self, output, to, count)
    default: throw unsupported(from, to)
    }
  }

  private static func store<X: FixedWidthInteger & BitwiseCopyable>(
    _ input: UnsafeRawBufferPointer, as: X.Type, _ output: UnsafeMutableRawBufferPointer,
    _ to: DType, _ count: Int
  ) throws {
    switch to {
    case .int64: each(input, as: X.self, count) { put(Int64(clamping: $1), $0, output) }
    case .int32: each(input, as: X.self, count) { put(Int32(clamping: $1), $0, output) }
    case .int16: each(input, as: X.self, count) { put(Int16(clamping: $1), $0, output) }
    case .int8: each(input, as: X.self, count) { put(Int8(clamping: $1), $0, output) }
    case .uint8: each(input, as: X.self, count) { put(UInt8(clamping: $1), $0, output) }
    case .uint16: each(input, as: X.self, count) { put(UInt16(clamping: $1), $0, output) }
    case .uint32: each(input, as: X.self, count) { put(UInt32(clamping: $1), $0, output) }
    case .bool: each(input, as: X.self, count) { put(UInt8($1 == 0 ? 0 : 1), $0, output) }
    default: throw unsupported(.int64, to)
    }
  }

  private static func words<X>(_ input: UnsafeRawBufferPointer) -> UnsafePointer<X>? {
    input.baseAddress?.assumingMemoryBound(to: X.self)
  }

  private static func each<X: BitwiseCopyable>(
    _ input: UnsafeRawBufferPointer, as: X.Type, _ count: Int, _ body: (Int, X) -> Void
  ) {
    for index in 0..<count {
      body(index, input.loadUnaligned(fromByteOffset: index * MemoryLayout<X>.size, as: X.self))
    }
  }

  private static func put<Y: BitwiseCopyable>(
    _ value: Y, _ index: Int, _ output: UnsafeMutableRawBufferPointer
  ) {
    output.storeBytes(of: value, toByteOffset: index * MemoryLayout<Y>.size, as: Y.self)
  }

  private static func store<Y: BitwiseCopyable>(
    _ input: UnsafeBufferPointer<Float>, _ output: UnsafeMutableRawBufferPointer,
    _ convert: (Float) -> Y
  ) {
    for index in input.indices { put(convert(input[index]), index, output) }
  }

  private static func unsupported(_ from: DType, _ to: DType) -> Diagnostic {
    .error(.unsupportedType, "no conversion from \(from.rawValue) to \(to.rawValue)")
  }
}
