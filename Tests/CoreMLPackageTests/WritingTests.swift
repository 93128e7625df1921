// SPDX-License-Identifier: Apache-2.0
import Containers
import CoreMLPackage
import Diagnostics
import Foundation
import MIL
import Synchronization
import Tensors
import Testing

@Suite struct WritingTests {
  /// Where packages go for coremltools to look at: the folder in `MODELPACK_TEST_OUTPUT`, if any.
  private let output = ProcessInfo.processInfo.environment["MODELPACK_TEST_OUTPUT"]

  @Test(arguments: Programs.all)
  func readsWhatItWrote(_ sample: Programs.Sample) throws {
    let scratch = Scratch()
    let package = try sample.package()
    let path = output.map { "\($0)/\(sample.name).mlpackage" } ?? scratch("a.mlpackage")
    try package.write(to: path, overwrite: true)
    let read = try ModelPackage(contentsOf: path)
    #expect(read.description == package.description)
    #expect(read.specificationVersion == sample.version)
    try read.write(to: scratch("b.mlpackage"))
    #expect(tree(path) == tree(scratch("b.mlpackage")))
  }

  @Test func weightsOfEqualContentAreStoredOnce() throws {
    let scratch = Scratch()
    let data = try TensorData((0..<5000).map(Double.init), as: .float32, shape: [50, 100])
    var almost = data.bytes
    almost[7000] ^= 1
    let build = FunctionBuilder(opset: .iOS18)
    var sum = build.input("x", .tensor(.float32, fixed: [50, 100]))
    for (name, bytes) in [("a", data.bytes), ("b", data.bytes), ("c", almost)] {
      let data = try TensorData(dtype: .float32, shape: [50, 100], bytes: bytes)
      // Sources that cannot know that they are equal.
      let source = Opaque(data, key: name)
      sum = try build.mil.add(x: sum, y: build.const(name, Constant(source)))
    }
    let program = Program(functions: [try build.finish(outputs: [(name: "y", value: sum)])])
    try ModelPackage(program: program, specificationVersion: 9).write(to: scratch("a.mlpackage"))
    let file = bytes(scratch("a.mlpackage/Data/com.apple.CoreML/weights/weight.bin"))
    #expect(file.count == 64 + 2 * (64 + 20000) + 32)
    #expect(file[0] == 2)
  }

  /// Each is read once to tell it from all the others and once to write it, not once per pair.
  @Test func weightsThatDifferBetweenTheSamplesAreEachReadTwice() throws {
    let scratch = Scratch()
    let (rows, columns, copies) = (100, 200, 12)
    let build = FunctionBuilder(opset: .iOS18)
    var sum = build.input("x", .tensor(.float32, fixed: [rows, columns]))
    var sources: [Opaque] = []
    for copy in 0..<copies {
      var values = [Double](repeating: 1, count: rows * columns)
      // The last two are equal.
      values[3000] = Double(min(copy, copies - 2))
      let data = try TensorData(values, as: .float32, shape: [rows, columns])
      sources.append(Opaque(data, key: "\(copy)"))
      sum = try build.mil.add(x: sum, y: build.const("w\(copy)", Constant(sources[copy])))
    }
    let program = Program(functions: [try build.finish(outputs: [(name: "y", value: sum)])])
    try ModelPackage(program: program, specificationVersion: 9).write(to: scratch("a.mlpackage"))
    let file = bytes(scratch("a.mlpackage/Data/com.apple.CoreML/weights/weight.bin"))
    #expect(file[0] == UInt8(copies - 1))
    let samples = 3 * 128
    #expect(sources.dropLast().allSatisfy { $0.elementsRead == 2 * rows * columns + samples })
    #expect(sources.last?.elementsRead == rows * columns + samples)
  }

  @Test func blobsAreLaidOutAsTheFormatSays() throws {
    let scratch = Scratch()
    let package = try Programs.sample("compressed-iOS18").package()
    try package.write(to: scratch("a.mlpackage"))
    let file = bytes(scratch("a.mlpackage/Data/com.apple.CoreML/weights/weight.bin"))
    #expect(file.count == 576)
    func word(_ offset: Int) -> Int {
      file.withUnsafeBytes { Int($0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    }
    // Header: two blobs, version 2.
    let header: [Int] = [word(0), word(4)]
    #expect(header == [2, 2])
    // int4, 512 elements in 256 bytes at 128.
    let first: [Int] = [64, 68, 72, 80, 88].map(word)
    #expect(first == [0xdead_beef, 8, 256, 128, 0])
    #expect(Array(file[128..<384]) == (0..<256).map { UInt8(truncatingIfNeeded: $0) } as [UInt8])
    // float16 scales follow at the next multiple of 64.
    let second: [Int] = [384, 388, 392].map(word)
    #expect(second == [0xdead_beef, 1, 128])
  }

  @Test func manyTilesComeOutInTheirPlaces() throws {
    let scratch = Scratch()
    let count = 3_000_001
    let values = try TensorData(
      dtype: .int32, shape: [count],
      bytes: (0..<Int32(count)).flatMap { withUnsafeBytes(of: $0) { Array($0) } })
    let build = FunctionBuilder(opset: .iOS18)
    let x = build.input("x", .tensor(.int32, fixed: [count]))
    let y = try build.mil.add(x: x, y: build.const("c", Constant(MemorySource(values))))
    let program = Program(functions: [try build.finish(outputs: [(name: "y", value: y)])])
    let seen = Steps()
    try ModelPackage(program: program, specificationVersion: 9)
      .write(to: scratch("a.mlpackage")) { done, total in seen.add(done, total) }
    let file = bytes(scratch("a.mlpackage/Data/com.apple.CoreML/weights/weight.bin"))
    #expect(Array(file[128...]) == values.bytes)
    #expect(seen.list.last?.0 == count * 4)
    #expect(seen.list.allSatisfy { $0.1 == count * 4 })
    let steps: [Int] = seen.list.map { $0.0 }
    #expect(steps == steps.sorted())
  }

  @Test func failureLeavesNothing() throws {
    let scratch = Scratch()
    let build = FunctionBuilder(opset: .iOS18)
    let x = build.input("x", .tensor(.float32, fixed: [100]))
    let source = Failing(try TensorData((0..<100).map(Double.init), as: .float32))
    let y = try build.mil.add(x: x, y: build.const("c", Constant(source)))
    let program = Program(functions: [try build.finish(outputs: [(name: "y", value: y)])])
    let package = try ModelPackage(program: program, specificationVersion: 9)
    #expect(thrown { try package.write(to: scratch("a.mlpackage")) } == "input-output: gone")
    #expect(scratch.names == [])
  }

  @Test func refusesToReplace() throws {
    let scratch = Scratch()
    let package = try Programs.all[0].package()
    try package.write(to: scratch("a.mlpackage"))
    #expect(
      thrown(in: scratch.path) { try package.write(to: scratch("a.mlpackage")) }
        == "output-exists: a.mlpackage: exists already")
    try package.write(to: scratch("a.mlpackage"), overwrite: true)
    #expect(scratch.names == ["a.mlpackage"])
  }

  @Test func invalidNamesAreReplacedEverywhere() throws {
    let package = try Programs.sample("names").package()
    #expect(package.description.functions[0].inputs.map { $0.name } == ["input_1"])
    #expect(
      package.description.functions[0].outputs.map { $0.name } == [
        "var_3d_out", "state_workaround",
      ])
    let function = package.program.functions[0]
    let constants = function.body.operations.filter { $0.type == "const" }.flatMap { $0.outputs }
    let names = constants.map { function.values[$0].name }
    #expect(names.sorted() == ["layers_0_weight", "layers_0_weight_0"])
  }
}

/// A weight whose key says nothing.
private final class Opaque: WeightSource {
  let data: MemorySource
  let key: String
  private let reads = Mutex(0)
  var dtype: DType { data.dtype }
  var shape: [Int] { data.shape }
  var elementsRead: Int { reads.withLock { $0 } }

  init(_ data: TensorData, key: String) {
    self.data = MemorySource(data)
    self.key = key
  }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    reads.withLock { $0 += range.count }
    try data.read(range, into: buffer)
  }
}

/// A weight that cannot be read.
private final class Failing: WeightSource {
  let data: MemorySource
  var key: String { "failing" }
  var dtype: DType { data.dtype }
  var shape: [Int] { data.shape }

  init(_ data: TensorData) { self.data = MemorySource(data) }

  func read(_ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer) throws {
    throw Diagnostic.error(.io, "gone")
  }
}

/// What a progress callback was told.
private final class Steps: @unchecked Sendable {
  private let lock = NSLock()
  private(set) var list: [(Int, Int)] = []

  func add(_ done: Int, _ total: Int) {
    lock.withLock { list.append((done, total)) }
  }
}
