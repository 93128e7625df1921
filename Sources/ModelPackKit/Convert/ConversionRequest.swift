// SPDX-License-Identifier: Apache-2.0

/// What to convert, and how.
public struct ConversionRequest: Sendable {
  /// Path of a `.pt2` or `.onnx` file.
  public var source: String
  /// The oldest system the package is for: `iOS18`, `macOS15` …
  public var target = "iOS18"
  public var precision = Precision.float16
  /// The dtype of floating-point inputs and outputs; nil keeps what the source has.
  public var interfacePrecision: Precision?
  /// Shapes that replace those of the source, by input name.
  public var inputs: [String: InputShape] = [:]
  /// New names of inputs, outputs and states by their old ones.
  public var renames: [String: String] = [:]
  public var states = States.all
  public var metadata = Metadata()
  /// Quantizes the weights on the way.
  public var quantization: QuantizationSettings?

  public enum Precision: String, Hashable, Sendable, CaseIterable {
    case float16, float32
  }

  /// Which buffers that the source changes become states; the others become an input and an
  /// output of the same meaning.
  public enum States: Hashable, Sendable {
    case all, none
    case named([String])
  }

  /// Texts that the package carries for people.
  public struct Metadata: Hashable, Sendable {
    public var summary = ""
    public var author = ""
    public var license = ""
    public var version = ""
    public var userDefined: [String: String] = [:]

    public init() {}
  }

  public init(source: String) {
    self.source = source
  }
}
