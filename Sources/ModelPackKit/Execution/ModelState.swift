// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import ReferenceExecutor

/// The states of one session with a model: tensors that outlive a prediction.
public final class ModelState: Sendable {
  let session: SessionState

  init(_ session: SessionState) {
    self.session = session
  }

  /// In the order of the model.
  public var names: [String] { session.names }

  /// The value of a state. Throws a `Diagnostic` where there is none of that name.
  public func read(_ name: String) throws -> MultiArray {
    try known(name)
    return MultiArray(try session.read(name).data())
  }

  /// Replaces the value of a state; element type and shape must be the declared ones.
  public func write(_ array: MultiArray, to name: String) throws {
    try known(name)
    guard let type = session.types.first(where: { $0.name == name })?.type else { return }
    guard type.dtype == array.data.dtype, type.fixedShape == array.shape else {
      throw Diagnostic.error(
        .wrongInput, "state '\(name)' is given as \(array), but it is \(type)",
        fix: "give \(type.dtype.rawValue) of exactly that shape")
    }
    try session.write(Tensor(array.data), to: name)
  }

  /// Lets `body` see and change the value of a state.
  public func withMultiArray<Result>(
    for name: String, _ body: (inout MultiArray) throws -> Result
  ) throws -> Result {
    var array = try read(name)
    let before = array
    let result = try body(&array)
    if array != before { try write(array, to: name) }
    return result
  }

  /// Makes every state zero again.
  public func reset() throws { try session.reset() }

  /// A session of its own that starts with the values of this one.
  public func copy() -> ModelState { ModelState(session.copy()) }

  private func known(_ name: String) throws {
    guard !names.contains(name) else { return }
    throw Diagnostic.error(
      .wrongInput, "the model has no state '\(name)'",
      fix: Suggestion.remedy(for: name, among: names, "states"))
  }
}
