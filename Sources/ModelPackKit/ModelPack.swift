// SPDX-License-Identifier: Apache-2.0

/// What modelpack does, one function per command.
///
/// Every function throws a `Diagnostic`, or a `DiagnosticList` where several things are wrong;
/// their codes say how the command line would exit.
public enum ModelPack {
  /// The version of modelpack.
  public static let version = "0.1.0"
}
