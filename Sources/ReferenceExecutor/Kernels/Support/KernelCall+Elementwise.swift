// SPDX-License-Identifier: Apache-2.0
import Tensors

/// Loops over elements. Inlined with the function they apply, so that the compiler vectorizes them.
extension KernelCall {
  /// `f` of every element of a float operand.
  @inline(__always)
  func mapFloats(_ name: String = "x", _ f: (Float) -> Float) throws -> Tensor {
    let x = try floatTensor(name)
    let y = try output(like: name)
    guard let source = x.floats.baseAddress, let target = y.floats.baseAddress else { return y }
    for i in 0..<x.count { target[i] = f(source[i]) }
    return y
  }

  /// `f` of every element of an integer operand, wrapped to its dtype.
  @inline(__always)
  func mapInts(_ name: String = "x", _ f: (Int32) -> Int32) throws -> Tensor {
    let x = try integerTensor(name)
    let y = try output(like: name)
    guard let source = x.ints.baseAddress, let target = y.ints.baseAddress else { return y }
    for i in 0..<x.count { target[i] = f(source[i]) }
    return y
  }

  /// `f` of pairs of elements of two operands of one kind, broadcast, as a tensor of `dtype`.
  @inline(__always)
  func zip<A: BitwiseCopyable, R: BitwiseCopyable>(
    _ pair: BroadcastPair, as: A.Type, to dtype: DType, result: R.Type, _ f: (A, A) -> R
  ) throws -> Tensor {
    let y = try pair.output(dtype, self)
    let a = pair.x.memory.base.bindMemory(to: A.self, capacity: pair.x.memory.count)
    let b = pair.y.memory.base.bindMemory(to: A.self, capacity: pair.y.memory.count)
    let target = y.memory.base.bindMemory(to: R.self, capacity: y.memory.count)
    let n = pair.loop.inner
    pair.loop.forEachRow { out, p, q in
      let (c, u, v) = (target + out, a + p, b + q)
      switch pair.steps {
      case (1, 1): for i in 0..<n { c[i] = f(u[i], v[i]) }
      case (1, 0):
        let s = v[0]
        for i in 0..<n { c[i] = f(u[i], s) }
      case (0, 1):
        let s = u[0]
        for i in 0..<n { c[i] = f(s, v[i]) }
      default:
        for i in 0..<n { c[i] = f(u[i * pair.steps.0], v[i * pair.steps.1]) }
      }
    }
    return y
  }

  /// Two operands of the same kind, ready to be broadcast against each other.
  func pair(_ first: String = "x", _ second: String = "y") throws -> BroadcastPair {
    let (x, y) = (try tensor(first), try tensor(second))
    guard x.isFloat == y.isFloat else {
      throw fault("'\(first)' is \(x.dtype.rawValue) but '\(second)' is \(y.dtype.rawValue)")
    }
    let shape = try broadcast([x.shape, y.shape])
    return BroadcastPair(first: first, second: second, x: x, y: y, shape: shape)
  }

  /// The shape that all of `shapes` broadcast to, aligned at the last axis.
  func broadcast(_ shapes: [[Int]]) throws -> [Int] {
    let rank = shapes.map(\.count).max() ?? 0
    var result = [Int](repeating: 1, count: rank)
    for shape in shapes {
      for (axis, extent) in shape.enumerated() where extent != 1 {
        let at = rank - shape.count + axis
        guard result[at] == 1 || result[at] == extent else {
          throw fault(
            "shapes " + shapes.map { "\($0)" }.joined(separator: " and ") + " do not broadcast")
        }
        result[at] = extent
      }
    }
    return result
  }
}

/// Two operands and how their elements meet.
struct BroadcastPair {
  let first: String
  let second: String
  let x: Tensor
  let y: Tensor
  let shape: [Int]
  let loop: RowLoop
  /// Steps of the two operands along a row.
  let steps: (Int, Int)

  init(first: String, second: String, x: Tensor, y: Tensor, shape: [Int]) {
    self.first = first
    self.second = second
    self.x = x
    self.y = y
    self.shape = shape
    loop = RowLoop(shape, x.shape, y.shape)
    steps = (loop.x.last ?? 0, loop.y.last ?? 0)
  }

  /// Storage for the result: an operand's own where it has the type and nothing else reads it.
  func output(_ dtype: DType, _ call: KernelCall) throws -> Tensor {
    for (name, operand) in [(first, x), (second, y)]
    where operand.shape == shape && operand.isFloat == dtype.isFloat && call.isFree(name) {
      return Tensor(dtype, shape, operand.memory)
    }
    return try call.make(dtype, shape)
  }
}

/// The rows of a result that two operands are broadcast to, with axes merged where they can be.
struct RowLoop {
  /// Extents of the merged axes; the last is a row.
  private(set) var extents: [Int] = []
  /// Steps of the operands along the merged axes, in elements.
  private(set) var x: [Int] = []
  private(set) var y: [Int] = []

  init(_ shape: [Int], _ xShape: [Int], _ yShape: [Int]) {
    let xs = Self.steps(xShape, in: shape)
    let ys = Self.steps(yShape, in: shape)
    for axis in shape.indices where shape[axis] != 1 {
      if let outer = extents.last, x[x.count - 1] == xs[axis] * shape[axis],
        y[y.count - 1] == ys[axis] * shape[axis]
      {
        extents[extents.count - 1] = outer * shape[axis]
        x[x.count - 1] = xs[axis]
        y[y.count - 1] = ys[axis]
      } else {
        extents.append(shape[axis])
        x.append(xs[axis])
        y.append(ys[axis])
      }
    }
    if extents.isEmpty {
      extents = [1]
      x = [1]
      y = [1]
    }
  }

  var inner: Int { extents[extents.count - 1] }

  /// Row-major steps of `shape` aligned to `result`, 0 where it is repeated.
  static func steps(_ shape: [Int], in result: [Int]) -> [Int] {
    var steps = [Int](repeating: 0, count: result.count)
    var step = 1
    for axis in shape.indices.reversed() {
      if shape[axis] != 1 { steps[result.count - shape.count + axis] = step }
      step *= shape[axis]
    }
    return steps
  }

  /// Calls `body` with the positions where each row starts in the result and in the operands.
  @inline(__always)
  func forEachRow(_ body: (Int, Int, Int) -> Void) {
    if extents.contains(0) { return }
    let outer = extents.count - 1
    var index = [Int](repeating: 0, count: outer)
    var (out, p, q) = (0, 0, 0)
    while true {
      body(out, p, q)
      out += inner
      var axis = outer - 1
      while axis >= 0 {
        index[axis] += 1
        p += x[axis]
        q += y[axis]
        if index[axis] < extents[axis] { break }
        p -= x[axis] * extents[axis]
        q -= y[axis] * extents[axis]
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
