// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

extension CKernelsTests {
  @Suite struct Strided {
    @Test(arguments: [1, 2, 4, 8], [[1, 1], [3, 5], [32, 64], [70, 131], [200, 7]])
    func transposes(size: Int, shape: [Int]) {
      let (rows, columns) = (shape[0], shape[1])
      let (xStride, yStride) = (columns + 2, rows + 3)
      let x = (0..<(rows * xStride * size)).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
      var y = [UInt8](repeating: 0xee, count: columns * yStride * size)
      mpk_transpose(x, xStride, &y, yStride, rows, columns, size)
      var expected = [UInt8](repeating: 0xee, count: y.count)
      for r in 0..<rows {
        for c in 0..<columns {
          for k in 0..<size {
            expected[(c * yStride + r) * size + k] = x[(r * xStride + c) * size + k]
          }
        }
      }
      #expect(y == expected)
    }

    /// A view of an array, in bytes.
    struct View: Sendable, CustomStringConvertible {
      var shape: [Int64]
      var from: [Int64]
      var offset = 0
      var description: String { "\(shape) at \(offset) by \(from)" }
    }

    @Test(arguments: [
      View(shape: [], from: []),
      View(shape: [7], from: [4]),
      View(shape: [7], from: [-4], offset: 24),
      View(shape: [5, 1, 6], from: [24, 999, 4]),
      View(shape: [6, 5], from: [4, 24]),
      View(shape: [3, 40, 50], from: [8000, 4, 160]),
      View(shape: [40, 3, 50], from: [4, 8000, 160]),
      View(shape: [4, 6], from: [0, 4]),
      View(shape: [2, 3, 4, 5], from: [4, 8, 24, 96]),
      View(shape: [3, 4], from: [-32, 8], offset: 64),
      View(shape: [3, 0, 4], from: [32, 8, 4]),
      View(shape: [2, 2, 2, 2, 2, 2, 2], from: [4, 8, 16, 32, 64, 128, 256]),
    ])
    func gathersAndScatters(view: View) {
      let x = (0..<8000).map { Int32($0) }
      let count = Int(view.shape.reduce(1, *))
      var expected = [Int32]()
      for flat in 0..<count {
        var rest = flat
        var place = view.offset
        for axis in view.shape.indices.reversed() {
          place += rest % Int(view.shape[axis]) * Int(view.from[axis])
          rest /= Int(view.shape[axis])
        }
        expected.append(x[place / 4])
      }
      var dense = [Int64](repeating: 4, count: view.shape.count)
      for axis in view.shape.indices.dropLast().reversed() {
        dense[axis] = dense[axis + 1] * view.shape[axis + 1]
      }
      var y = [Int32](repeating: -1, count: count + 1)
      let rank = UInt32(view.shape.count)
      let gathered = x.withUnsafeBytes {
        mpk_copy_strided(
          $0.baseAddress! + view.offset, view.from, &y, dense, view.shape, rank, 4)
      }
      #expect(gathered == 0)
      #expect(y == expected + [-1])

      var back = [Int32](repeating: -1, count: x.count)
      let scattered = back.withUnsafeMutableBytes {
        mpk_copy_strided(
          y, dense, $0.baseAddress! + view.offset, view.from, view.shape, rank, 4)
      }
      #expect(scattered == 0)
      let touched = Set(expected)
      #expect(back.indices.allSatisfy { back[$0] == (touched.contains(x[$0]) ? x[$0] : -1) })
    }

    @Test func refusesWhatItCannotDo() {
      let ones = [Int64](repeating: 1, count: 17)
      var y: [UInt8] = [0, 0, 0, 0]
      #expect(mpk_copy_strided([UInt8](y), ones, &y, ones, ones, 17, 1) == -1)
      #expect(mpk_copy_strided([UInt8](y), ones, &y, ones, ones, 1, 3) == -1)
      #expect(mpk_copy_strided([UInt8](y), ones, &y, ones, [-1], 1, 1) == -1)
    }
  }
}
