// SPDX-License-Identifier: Apache-2.0
import CKernels
import Testing

extension CKernelsTests {
  @Suite struct Dense {
    @Test(arguments: [(false, false), (false, true), (true, false), (true, true)])
    func matrixProduct(transA: Bool, transB: Bool) {
      let (m, n, k) = (7, 9, 5)
      var numbers = Numbers(seed: 8)
      let (lda, ldb, ldc) = ((transA ? m : k) + 1, (transB ? k : n) + 2, n + 3)
      let a = numbers.floats((transA ? k : m) * lda)
      let b = numbers.floats((transB ? n : k) * ldb)
      let c = numbers.floats(m * ldc)
      var result = c
      let status = mpk_sgemm(
        transA ? 1 : 0, transB ? 1 : 0, Int64(m), Int64(n), Int64(k), 0.5, a, Int64(lda), b,
        Int64(ldb), 2, &result, Int64(ldc))
      #expect(status == 0)
      var expected = c
      for i in 0..<m {
        for j in 0..<n {
          var sum: Float = 0
          for l in 0..<k {
            sum +=
              (transA ? a[l * lda + i] : a[i * lda + l])
              * (transB ? b[j * ldb + l] : b[l * ldb + j])
          }
          expected[i * ldc + j] = 0.5 * sum + 2 * c[i * ldc + j]
        }
      }
      #expect(zip(result, expected).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test func aZeroBetaReadsNothing() {
      var c: [Float] = [.nan, .infinity]
      #expect(mpk_sgemm(0, 0, 1, 2, 1, 1, [2], 1, [3, 4], 2, 0, &c, 2) == 0)
      #expect(c == [6, 8])
    }

    /// A convolution; `after` is the padding at the end.
    struct Problem: Sendable, CustomTestStringConvertible {
      var input: [Int]
      var kernel: [Int]
      var transposed = false
      var batch = 1
      var groups = 1
      var channels = (2, 3)
      var stride = 1
      var dilation = 1
      var before = 0
      var after = 0
      var bias = true

      var spatial: Int { input.count }
      var inChannels: Int { groups * channels.0 }
      var outChannels: Int { groups * channels.1 }
      var output: [Int] {
        zip(input, kernel).map { size, kernel in
          let extent = dilation * (kernel - 1) + 1
          return transposed
            ? (size - 1) * stride + extent - before - after
            : (size + before + after - extent) / stride + 1
        }
      }
      var testDescription: String {
        "\(transposed ? "transposed " : "")\(input) by \(kernel), \(groups) groups of "
          + "\(channels), stride \(stride), dilation \(dilation), pad \(before) and \(after)"
      }

      var shape: mpk_conv_shape {
        func three(_ values: [Int]) -> (Int64, Int64, Int64) {
          let padded = values.map { Int64($0) } + [1, 1, 1]
          return (padded[0], padded[1], padded[2])
        }
        func all(_ value: Int) -> (Int64, Int64, Int64) {
          (Int64(value), Int64(value), Int64(value))
        }
        return mpk_conv_shape(
          spatial: Int32(spatial), transposed: transposed ? 1 : 0, batch: Int64(batch),
          groups: Int64(groups), in_channels: Int64(inChannels), out_channels: Int64(outChannels),
          input: three(input), output: three(output), kernel: three(kernel), stride: all(stride),
          dilation: all(dilation), pad_before: all(before))
      }
    }

    static let problems: [Problem] = [
      Problem(input: [9], kernel: [3]),
      Problem(input: [9], kernel: [3], batch: 2, stride: 2, before: 2, after: 1),
      Problem(input: [6, 7], kernel: [3, 2], stride: 2, before: 1, bias: false),
      Problem(input: [8, 8], kernel: [3, 3], groups: 4, channels: (1, 1), before: 1, after: 1),
      Problem(input: [9, 8], kernel: [2, 3], groups: 2, dilation: 2, before: 1, after: 2),
      Problem(input: [5, 5], kernel: [1, 1], channels: (16, 32)),
      Problem(input: [4, 5, 6], kernel: [2, 3, 2], stride: 2, before: 1, after: 1),
      Problem(input: [5], kernel: [3], transposed: true, stride: 2),
      Problem(input: [4, 5], kernel: [3, 3], transposed: true, batch: 2, stride: 2, before: 1),
      Problem(input: [4, 5], kernel: [2, 3], transposed: true, groups: 2, dilation: 2, before: 1),
      Problem(input: [3, 3, 4], kernel: [2, 2, 2], transposed: true, stride: 2, bias: false),
      Problem(input: [4, 4], kernel: [3, 3], transposed: true, stride: 2, before: 1, after: -1),
    ]

    /// Sums the definition, one output at a time in float64.
    private func defined(_ p: Problem, _ w: [Float], _ b: [Float], _ x: [Float]) -> [Double] {
      let (inSize, outSize) = (p.input.reduce(1, *), p.output.reduce(1, *))
      let taps = p.kernel.reduce(1, *)
      var y = [Double](repeating: 0, count: p.batch * p.outChannels * outSize)
      func position(_ flat: Int, _ shape: [Int]) -> [Int] {
        var rest = flat
        return shape.reversed().map { size in
          defer { rest /= size }
          return rest % size
        }.reversed()
      }
      for n in 0..<p.batch {
        for i in 0..<p.inChannels {
          for o in 0..<p.channels.1 {
            let group = i / p.channels.0
            let out = group * p.channels.1 + o
            for at in 0..<(p.transposed ? inSize : outSize) {
              for tap in 0..<taps {
                let coarse = position(at, p.transposed ? p.input : p.output)
                let place = zip(coarse, position(tap, p.kernel)).map {
                  $0 * p.stride + $1 * p.dilation - p.before
                }
                let fine = p.transposed ? p.output : p.input
                guard zip(place, fine).allSatisfy({ $0 >= 0 && $0 < $1 }) else { continue }
                let other = zip(place, fine).reduce(0) { $0 * $1.1 + $1.0 }
                let (from, to) = p.transposed ? (at, other) : (other, at)
                let weight =
                  p.transposed
                  ? (i * p.channels.1 + o) * taps + tap
                  : (out * p.channels.0 + i % p.channels.0) * taps + tap
                y[(n * p.outChannels + out) * outSize + to] +=
                  Double(w[weight]) * Double(x[(n * p.inChannels + i) * inSize + from])
              }
            }
          }
        }
      }
      if p.bias {
        for index in y.indices { y[index] += Double(b[index / outSize % p.outChannels]) }
      }
      return y
    }

    @Test(arguments: problems)
    func convolution(problem: Problem) {
      var numbers = Numbers(seed: 11)
      let taps = problem.kernel.reduce(1, *)
      let x = numbers.floats(problem.batch * problem.inChannels * problem.input.reduce(1, *))
      let w = numbers.floats(problem.inChannels * problem.channels.1 * taps)
      let b = numbers.floats(problem.outChannels)
      let expected = defined(problem, w, b, x)
      var shape = problem.shape
      for kernel in [mpk_conv, mpk_conv_portable] {
        var y = [Float](repeating: .nan, count: expected.count)
        let status = b.withUnsafeBufferPointer {
          kernel(&shape, w, problem.bias ? $0.baseAddress : nil, x, &y)
        }
        #expect(status == 0)
        #expect(zip(y, expected).allSatisfy { abs(Double($0) - $1) < 2e-5 })
      }
    }

    @Test func aPlanRunsManyTimes() {
      var shape = Self.problems[0].shape
      let plan = mpk_conv_create(
        &shape, [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], nil)
      defer { mpk_conv_destroy(plan) }
      for round in 1...3 {
        let x = (0..<18).map { Float($0 * round) }
        var y = [Float](repeating: 0, count: 21)
        #expect(mpk_conv_run(plan, x, &y) == 0)
        #expect(y == (Array(x[0..<7]) + Array(x[1..<8]) + Array(x[11..<18])))
      }
    }

    @Test func impossibleShapesAreRefused() {
      let good = Self.problems[2].shape
      let changes: [(inout mpk_conv_shape) -> Void] = [
        { $0.spatial = 4 }, { $0.spatial = 0 }, { $0.groups = 0 }, { $0.groups = 3 },
        { $0.in_channels = 0 }, { $0.kernel.0 = 0 }, { $0.stride.1 = 0 }, { $0.dilation.0 = -1 },
        { $0.pad_before.0 = -1 }, { $0.input.0 = 1 << 40 }, { $0.batch = 1 << 62 },
        {
          $0.kernel.0 = 1 << 31; $0.dilation.0 = 1 << 31
        },
      ]
      for (index, change) in changes.enumerated() {
        var shape = good
        change(&shape)
        #expect(mpk_conv_shape_is_valid(&shape) == 0, "change \(index)")
        #expect(mpk_conv_create(&shape, [0], nil) == nil, "change \(index)")
      }
    }
  }
}
