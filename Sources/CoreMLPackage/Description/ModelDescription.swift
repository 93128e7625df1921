// SPDX-License-Identifier: Apache-2.0

/// What a model declares about itself beside its program.
package struct ModelDescription: Hashable, Sendable {
  /// One per function. A model of one function declares it without a name, as `main`.
  package var functions: [FunctionInterface]
  /// Whether functions are declared by name, which since specification version 9 they can be.
  package var namesFunctions: Bool
  package var defaultFunctionName: String
  package var metadata: ModelMetadata
  /// Inputs of updatable models.
  package var trainingInputs: [Feature]

  package init(
    functions: [FunctionInterface], namesFunctions: Bool = false, defaultFunctionName: String = "",
    metadata: ModelMetadata = ModelMetadata(), trainingInputs: [Feature] = []
  ) {
    self.functions = functions
    self.namesFunctions = namesFunctions
    self.defaultFunctionName = defaultFunctionName
    self.metadata = metadata
    self.trainingInputs = trainingInputs
  }

  package func function(_ name: String) -> FunctionInterface? {
    functions.first { $0.name == name }
  }
}

/// The features of one function.
package struct FunctionInterface: Hashable, Sendable {
  package var name: String
  package var inputs: [Feature]
  package var outputs: [Feature]
  package var states: [Feature]
  /// Outputs of a classifier: the label, and the probabilities by label.
  package var predictedFeatureName: String
  package var predictedProbabilitiesName: String

  package init(
    name: String, inputs: [Feature] = [], outputs: [Feature] = [], states: [Feature] = [],
    predictedFeatureName: String = "", predictedProbabilitiesName: String = ""
  ) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    self.states = states
    self.predictedFeatureName = predictedFeatureName
    self.predictedProbabilitiesName = predictedProbabilitiesName
  }
}

/// What people say about a model.
package struct ModelMetadata: Hashable, Sendable {
  package var shortDescription = ""
  package var version = ""
  package var author = ""
  package var license = ""
  package var userDefined: [String: String] = [:]

  package init(
    shortDescription: String = "", version: String = "", author: String = "", license: String = "",
    userDefined: [String: String] = [:]
  ) {
    self.shortDescription = shortDescription
    self.version = version
    self.author = author
    self.license = license
    self.userDefined = userDefined
  }
}
