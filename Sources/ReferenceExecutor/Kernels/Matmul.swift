// SPDX-License-Identifier: Apache-2.0
import Tensors

extension Kernel {
  /// Matrix products. Floats go to the dense backend, int32 is summed with wrapping.
  static let matmul = Kernel("matmul") { call in
    let (x, y) = (try call.tensor("x"), try call.tensor("y"))
    guard x.rank > 0, y.rank > 0, x.isFloat == y.isFloat else {
      throw call.fault("cannot multiply \(x) and \(y)")
    }
    let transposeX = try call.bool("transpose_x", default: false) && x.rank > 1
    let transposeY = try call.bool("transpose_y", default: false) && y.rank > 1
    let a = x.rank == 1 ? x.viewed([1] + x.shape) : x
    let b = y.rank == 1 ? y.viewed(y.shape + [1]) : y
    var product = try call.product(of: a, transposeX, b, transposeY)
    if y.rank == 1 { product = product.viewed(product.shape.dropLast()) }
    if x.rank == 1 {
      var shape = product.shape
      shape.remove(at: shape.count - (y.rank == 1 ? 1 : 2))
      product = product.viewed(shape)
    }
    return product
  }

  /// `x * weight.T + bias`.
  static let linear = Kernel("linear") { call in
    let x = try call.tensor("x")
    let weight = try call.tensor("weight")
    guard x.rank > 0, weight.rank == 2, x.isFloat == weight.isFloat else {
      throw call.fault("cannot multiply \(x) and \(weight)")
    }
    let flat = x.viewed([x.shape.dropLast().reduce(1, *), x.shape[x.rank - 1]])
    let y = try call.product(of: flat, false, weight, true)
    if let bias = try call.optionalTensor("bias") { try call.add(bias, toRowsOf: y) }
    return y.viewed(x.shape.dropLast() + [weight.shape[0]])
  }

  /// The two products of matrices on axes -3 and -1 that Core ML knows as `einsum`.
  static let einsum = Kernel("einsum") { call in
    let values = try call.sameKind("values")
    let equation = try call.string("equation")
    guard values.count == 2, isSupported(equation, rank: values[0].rank),
      values[0].rank == values[1].rank
    else {
      throw call.fault("cannot compute '\(equation)'", .unsupportedArgument)
    }
    // [.., c, h, w] and [.., w, h, u] become [.., h, c, w] and [.., h, w, u].
    let rank = values[0].rank
    let order = Array(0..<rank - 3) + [rank - 2, rank - 3, rank - 1]
    let product = try call.product(
      of: call.permuted(values[0], order), false, call.permuted(values[1], order), false)
    return try call.permuted(product, order)
  }

  /// Whether `equation` is `nchw,nwhu->nchu` or `chw,whu->chu` up to the names of its axes.
  private static func isSupported(_ equation: String, rank: Int) -> Bool {
    var names: [Character: Character] = [:]
    let fresh = Array("abcdefgh")
    let canonical = equation.filter { $0 != " " }.map { letter -> Character in
      guard letter.isLetter else { return letter }
      if let known = names[letter] { return known }
      let name = names.count < fresh.count ? fresh[names.count] : "?"
      names[letter] = name
      return name
    }
    return String(canonical) == (rank == 4 ? "abcd,adce->abce" : rank == 3 ? "abc,cbd->abd" : "")
  }
}

extension KernelCall {
  /// `op(a) * op(b)` of matrices of rank 2 or more, batches broadcast.
  func product(of a: Tensor, _ transA: Bool, _ b: Tensor, _ transB: Bool) throws -> Tensor {
    let (p, q) = (a.shape.suffix(2).map { $0 }, b.shape.suffix(2).map { $0 })
    let size = (m: p[transA ? 1 : 0], n: q[transB ? 0 : 1], k: p[transA ? 0 : 1])
    guard size.k == q[transB ? 1 : 0] else {
      throw fault("shapes \(a.shape) and \(b.shape) do not multiply")
    }
    let batch = try broadcast([a.shape.dropLast(2), b.shape.dropLast(2)])
    let y = try make(a.dtype, batch + [size.m, size.n])
    if y.count == 0 { return y }
    if b.rank == 2 && !transA {
      // One matrix for every batch: a single product of all rows.
      let rows = a.count / max(size.k, 1)
      return try multiply((size.k == 0 ? y.count / size.n : rows, size.n, size.k), a, b, transB, y)
    }
    let loop = RowLoop(batch + [1], a.shape.dropLast(2) + [1], b.shape.dropLast(2) + [1])
    var failed = false
    loop.forEachRow { out, i, j in
      for r in 0..<loop.inner {
        let u = (i + r * (loop.x.last ?? 0)) * size.m * size.k
        let v = (j + r * (loop.y.last ?? 0)) * size.k * size.n
        let target = (out + r) * size.m * size.n
        if !multiply(size, a, u, transA, b, v, transB, y, target) { failed = true }
      }
    }
    if failed { throw fault("the matrix library failed", .internalError) }
    return y
  }

  private func multiply(
    _ size: (m: Int, n: Int, k: Int), _ a: Tensor, _ b: Tensor, _ transB: Bool, _ y: Tensor
  ) throws -> Tensor {
    guard multiply(size, a, 0, false, b, 0, transB, y, 0) else {
      throw fault("the matrix library failed", .internalError)
    }
    return y
  }

  private func multiply(
    _ size: (m: Int, n: Int, k: Int), _ a: Tensor, _ u: Int, _ transA: Bool, _ b: Tensor, _ v: Int,
    _ transB: Bool, _ y: Tensor, _ target: Int
  ) -> Bool {
    guard a.isFloat else {
      multiplyInts(size, a.ints, u, transA, b.ints, v, transB, y.ints, target)
      return true
    }
    guard let p = a.floats.baseAddress, let q = b.floats.baseAddress,
      let c = y.floats.baseAddress
    else { return false }
    return dense.product(
      size, a: p + u, transposed: transA, b: q + v, transposed: transB, c: c + target)
  }

  private func multiplyInts(
    _ size: (m: Int, n: Int, k: Int), _ a: UnsafeMutableBufferPointer<Int32>, _ u: Int,
    _ transA: Bool, _ b: UnsafeMutableBufferPointer<Int32>, _ v: Int, _ transB: Bool,
    _ c: UnsafeMutableBufferPointer<Int32>, _ target: Int
  ) {
    for i in 0..<size.m {
      for j in 0..<size.n {
        var sum: Int32 = 0
        for p in 0..<size.k {
          let left = a[u + (transA ? p * size.m + i : i * size.k + p)]
          let right = b[v + (transB ? j * size.k + p : p * size.n + j)]
          sum = sum &+ left &* right
        }
        c[target + i * size.n + j] = sum
      }
    }
  }

  /// Adds a vector to every row of a matrix.
  func add(_ bias: Tensor, toRowsOf y: Tensor) throws {
    guard bias.shape == [y.shape[1]], bias.isFloat == y.isFloat else {
      throw fault("'bias' is \(bias), not of \(y.shape[1]) elements")
    }
    for row in 0..<y.shape[0] {
      let start = row * y.shape[1]
      if y.isFloat {
        for i in 0..<bias.count { y.floats[start + i] += bias.floats[i] }
      } else {
        for i in 0..<bias.count { y.ints[start + i] &+= bias.ints[i] }
      }
    }
  }
}
