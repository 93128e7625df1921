// SPDX-License-Identifier: Apache-2.0
package import Diagnostics

/// A defect of modelpack, as a diagnostic.
package func internalError(_ message: String) -> Diagnostic {
  .error(.internalError, message, fix: "please report this model")
}
