// SPDX-License-Identifier: Apache-2.0
import Compression
import Diagnostics
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite struct LeastErrorTests {
  enum Distribution: String, Sendable, CaseIterable {
    case normal
    /// Student's t with 4 degrees of freedom.
    case student

    func values(_ count: Int) -> [Float16] {
      var numbers = Numbers(seed: 9)
      func normal() -> Double {
        let radius = (-2 * log(max(1 - abs(Double(numbers.unit())), 1e-9))).squareRoot()
        return radius * cos(Double.pi * Double(numbers.unit()))
      }
      return (0..<count).map { _ in
        switch self {
        case .normal: return Float16(0.02 * normal())
        case .student:
          let square = (0..<4).reduce(0.0) { sum, _ in
            let x = normal()
            return sum + x * x
          }
          return Float16(0.02 * normal() / (square / 4).squareRoot())
        }
      }
    }
  }

  struct Goal: Sendable, CustomTestStringConvertible {
    var distribution: Distribution
    var shape: [Int]
    var granularity: QuantizationScheme.Granularity
    /// Decibels above the extremes of a block.
    var gain: Double
    var testDescription: String { "\(distribution) \(shape) \(granularity)" }
  }

  static let goals = [
    Goal(distribution: .normal, shape: [256, 768], granularity: .block(32), gain: 1.0),
    Goal(distribution: .student, shape: [256, 768], granularity: .block(32), gain: 0.85),
    Goal(distribution: .normal, shape: [48, 4096], granularity: .perChannel, gain: 3),
    Goal(distribution: .student, shape: [48, 4096], granularity: .perChannel, gain: 5),
  ]

  @Test(arguments: goals)
  func gain(goal: Goal) throws {
    let values = goal.distribution.values(goal.shape.reduce(1, *))
    let source = MemorySource(TensorData(float16: values, shape: goal.shape))
    let plain = try weight(source, .init(.int4, goal.granularity))
    let fitted = try weight(source, .init(.int4, goal.granularity, fit: .error))
    let gain = try fitted.error().decibels - plain.error().decibels
    #expect(gain >= goal.gain)
    #expect(fitted.codes.byteCount == plain.codes.byteCount)
  }

  private func weight(
    _ source: any WeightSource, _ scheme: QuantizationScheme
  ) throws -> QuantizedWeight {
    let layout = try #require(
      ChannelAxes(output: 0, input: 1).layout(source.shape, scheme.granularity))
    return try QuantizedWeight(source, name: "w", scheme: scheme, layout: layout)
  }

  /// Squared differences of what is stored.
  private func noise(_ weight: QuantizedWeight, _ values: [Float16]) throws -> Double {
    zip(try weight.decoded(0..<values.count), values).reduce(0) { sum, pair in
      let difference = Double(pair.0) - Double(pair.1)
      return sum + difference * difference
    }
  }

  @Test(arguments: QuantizedWeightTests.divisions, [DType.int4, .uint8])
  func everyDivisionIsNoWorse(
    division: QuantizedWeightTests.Division, dtype: DType
  ) throws {
    let values = Distribution.student.values(division.shape.reduce(1, *))
    let source = MemorySource(TensorData(float16: values, shape: division.shape))
    let layout = try #require(BlockLayout(shape: division.shape, blockShape: division.block))
    for mode in QuantizationScheme.Mode.allCases {
      let plain = try QuantizedWeight(
        source, name: "w", scheme: .init(dtype, .perTensor, mode), layout: layout)
      let scheme = try QuantizationScheme(dtype, .perTensor, mode, fit: .error)
      let fitted = try QuantizedWeight(source, name: "w", scheme: scheme, layout: layout)
      #expect(try noise(fitted, values) < noise(plain, values))
      // Scales first, in tiles: what is remembered is what is computed.
      let again = try QuantizedWeight(source, name: "w", scheme: scheme, layout: layout)
      let shape = layout.scaleShape
      #expect(
        try again.scales(shape: shape).materialized().bytes
          == fitted.scales(shape: shape).materialized().bytes)
      #expect(
        try again.offsets(shape: shape).materialized().bytes
          == fitted.offsets(shape: shape).materialized().bytes)
      #expect(try again.codes.materialized().bytes == fitted.codes.materialized().bytes)
      #expect(again.codes.key != plain.codes.key)
    }
  }
}
