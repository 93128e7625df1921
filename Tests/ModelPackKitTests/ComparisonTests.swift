// SPDX-License-Identifier: Apache-2.0
import ModelPackKit
import Testing

@Suite struct ComparisonTests {
  private func compare(
    _ expected: [Float], _ actual: [Float], shape: [Int]? = nil
  ) throws -> Comparison {
    try #require(
      Comparison(
        expected: MultiArray(expected, shape: shape), actual: MultiArray(actual, shape: shape)))
  }

  @Test func measures() throws {
    let comparison = try compare([0, 10, 4], [0, 9, 4])
    #expect(comparison.largestError == 1)
    #expect(comparison.relativeError == 0.1)
    #expect(abs(comparison.decibels - 20.645) < 0.001)
    #expect(comparison.topAgreement == 1)
  }

  @Test func equalTensorsAreExact() throws {
    let comparison = try compare([1, .nan, .infinity], [1, .nan, .infinity])
    #expect(comparison.largestError == 0)
    #expect(comparison.relativeError == 0)
    #expect(comparison.decibels == .infinity)
  }

  @Test(arguments: [([1, 2], [1, .nan]), ([1, .nan], [1, 2]), ([1, .infinity], [1, 2])])
  func numbersThatAreNone(_ expected: [Float], _ actual: [Float]) throws {
    let comparison = try compare(expected, actual)
    #expect(comparison.largestError == .infinity)
    #expect(comparison.relativeError == .infinity)
  }

  @Test func constantsAreMeasuredByTheirMagnitude() throws {
    #expect(try compare([4, 4], [4, 5]).relativeError == 0.25)
    #expect(try compare([0, 0], [0, 5]).relativeError == 5)
  }

  @Test func rowsOfWhichTheTopAgrees() throws {
    let comparison = try compare([1, 2, 4, 3, 7, 7], [2, 1, 4, 3, 7, 8], shape: [3, 2])
    // The last row has two tops.
    #expect(comparison.topAgreement == 2.0 / 3)
  }

  @Test func integersAreEqualOrNot() throws {
    let comparison = try #require(
      Comparison(
        expected: MultiArray([Int32(1), 2, 3, 4]), actual: MultiArray([Int32(1), 2, 3, 90])))
    #expect(comparison.relativeError == 0.25)
    #expect(comparison.topAgreement == nil)
  }

  @Test func shapesMustBeEqual() throws {
    #expect(
      Comparison(
        expected: try MultiArray([Float(1), 2], shape: [2, 1]),
        actual: try MultiArray([Float(1), 2], shape: [1, 2])) == nil)
  }
}
