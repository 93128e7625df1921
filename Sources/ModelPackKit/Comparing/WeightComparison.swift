// SPDX-License-Identifier: Apache-2.0
import Compression
import Diagnostics
import Tensors

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How far the weights of one package are from those of another of the same model.
public struct WeightComparison: Sendable {
  /// A weight that both packages have.
  public struct Weight: Sendable {
    /// As the first package calls it.
    public var name: String
    public var function: String
    public var shape: [Int]
    public var uses: [WeightUse]
    /// How each package stores it (`int4 blocks of 32`), and the bytes it takes there.
    public var compression: (first: String, second: String)
    public var bytes: (first: Int, second: Int)
    /// Signal to noise in decibels; infinite where nothing differs.
    public var decibels: Double
    /// The largest difference of an element.
    public var largestError: Double
    /// The largest difference over the range of the first package's values.
    public var relativeError: Double
  }

  /// A weight that only one package has, or has in another shape.
  public struct Unmatched: Hashable, Sendable {
    public var name: String
    public var function: String
    public var shape: [Int]
    public var uses: [WeightUse]
  }

  public var weights: [Weight] = []
  public var onlyInFirst: [Unmatched] = []
  public var onlyInSecond: [Unmatched] = []
  /// Signal to noise of all weights together.
  public var decibels = Double.infinity

  /// The largest relative error of a weight.
  public var relativeError: Double { weights.map(\.relativeError).max() ?? 0 }

  /// The weights with the least signal over noise, the worst first; equal ones are left out.
  public func worst(_ count: Int = 10) -> [Weight] {
    Array(
      weights.filter { $0.decibels.isFinite || $0.largestError > 0 }
        .sorted { ($0.decibels, $0.name) < ($1.decibels, $1.name) }.prefix(count))
  }

  /// Whether the packages have the same weights, none of them further off than this.
  public func isWithin(relativeError: Double? = nil, decibels: Double? = nil) -> Bool {
    onlyInFirst.isEmpty && onlyInSecond.isEmpty
      && weights.allSatisfy {
        $0.relativeError <= relativeError ?? .infinity
          && $0.decibels >= decibels ?? -.infinity
      }
  }
}

extension WeightComparison {
  init(_ matching: WeightMatching) throws {
    let fitting = matching.pairs.filter { $0.first.shape == $0.second.shape }
    let differences = try WeightMeasurement.differences(
      fitting.map { (try $0.first.decoded(), try $0.second.decoded()) })
    weights = zip(fitting, differences).map { pair, difference in
      Weight(
        name: pair.first.name, function: pair.first.function, shape: pair.first.shape,
        uses: pair.first.uses.map { WeightUse($0) },
        compression: (pair.first.expression.words, pair.second.expression.words),
        bytes: (pair.first.byteCount, pair.second.byteCount), decibels: difference.decibels,
        largestError: difference.largest, relativeError: difference.relative)
    }
    let others = matching.pairs.filter { $0.first.shape != $0.second.shape }
    onlyInFirst = (matching.onlyInFirst + others.map(\.first)).map { Unmatched($0) }
    onlyInSecond = (matching.onlyInSecond + others.map(\.second)).map { Unmatched($0) }
    decibels = differences.reduce(WeightDifference(), +).decibels
  }
}

extension WeightComparison.Unmatched {
  init(_ weight: StoredWeight) {
    self.init(
      name: weight.name, function: weight.function, shape: weight.shape,
      uses: weight.uses.map { WeightUse($0) })
  }
}

extension StoredWeight {
  /// The dense values. Throws where the weight cannot be decoded, with its name.
  func decoded() throws -> any WeightSource {
    do {
      return try expression.decoded()
    } catch let problem as Diagnostic {
      throw Diagnostic.error(
        problem.code, at: problem.location, "weight '\(name)': \(problem.message)")
    }
  }
}
