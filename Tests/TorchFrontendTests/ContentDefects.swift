// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// What can be wrong with the JSON in an archive.
enum ContentDefects {
  static let all: [Defect] = [
    Defect(
      "no schema version", .malformed,
      "x.pt2 > mlp/models/model.json: the key 'schema_version' is missing",
      .model,
      replacing: #""schema_version""#,
      by: #""schema""#),
    Defect(
      "a schema version of the future", .unsupportedArgument,
      "x.pt2 > mlp/models/model.json: schema_version: schema version 99 is "
        + "not supported (5 to 8 are)",
      .model,
      replacing: #""major": 8"#,
      by: #""major": 99"#),
    Defect(
      "no graph", .malformed,
      "x.pt2 > mlp/models/model.json: the key 'graph_module' is missing",
      .model,
      replacing: #""graph_module""#,
      by: #""module""#),
    Defect(
      "nodes that are no list", .malformed,
      "x.pt2 > mlp/models/model.json: graph_module.graph.nodes: expected an "
        + "array, found an object",
      .model,
      replacing: #""nodes": ["#,
      by: #""nodes": {}, "more": ["#),
    Defect(
      "no types", .malformed,
      "x.pt2 > mlp/models/model.json: graph_module.graph: the key "
        + "'tensor_values' is missing",
      .model,
      replacing: #""tensor_values""#,
      by: #""types""#),
    Defect(
      "a dtype that does not exist", .unsupportedType,
      "x.pt2 > mlp/models/model.json: "
        + "graph_module.graph.tensor_values.linear.dtype: scalar type 99 is not supported",
      .model,
      replacing: #""linear": {"dtype": 7"#,
      by: #""linear": {"dtype": 99"#),
    Defect(
      "a size of 2^63", .malformed,
      "x.pt2 > mlp/models/model.json: not valid JSON: line 1, column 5034: "
        + "the integer 9223372036854775808 does not fit in 64 bits",
      .model,
      replacing: #""input": {"dtype": 7, "sizes": [{"as_int": 3}"#,
      by: #""input": {"dtype": 7, "sizes": [{"as_int": 9223372036854775808}"#),
    Defect(
      "a size of 2^63 - 1", .malformed,
      "x.pt2 > mlp/models/model.json: graph_module.graph.tensor_values.input: no "
        + "tensor has the sizes [9223372036854775807, 16]",
      .model,
      replacing: #""input": {"dtype": 7, "sizes": [{"as_int": 3}"#,
      by: #""input": {"dtype": 7, "sizes": [{"as_int": 9223372036854775807}"#),
    Defect(
      "a negative size", .malformed,
      "x.pt2 > mlp/models/model.json: graph_module.graph.tensor_values.input: no "
        + "tensor has the sizes [-3, 16]",
      .model,
      replacing: #""input": {"dtype": 7, "sizes": [{"as_int": 3}"#,
      by: #""input": {"dtype": 7, "sizes": [{"as_int": -3}"#),
    Defect(
      "a size that is text", .malformed,
      "x.pt2 > mlp/models/model.json: "
        + "graph_module.graph.tensor_values.input.sizes[0].as_int: expected an integer, "
        + "found a string",
      .model,
      replacing: #""input": {"dtype": 7, "sizes": [{"as_int": 3}"#,
      by: #""input": {"dtype": 7, "sizes": [{"as_int": "3"}"#),
    Defect(
      "a size that is no expression", .malformed,
      "x.pt2 > mlp/models/model.json: graph_module.graph.tensor_values.input.sizes[0]: "
        + "'Symbol('s0' is not a symbolic size",
      .model,
      replacing: #""input": {"dtype": 7, "sizes": [{"as_int": 3}"#,
      by: #""input": {"dtype": 7, "sizes": [{"as_expr": {"expr_str": "Symbol('s0"}}"#),
    Defect(
      "a tensor that nothing defines", .malformed,
      "x.pt2: aten.layer_norm.default 'layer_norm' in 2 "
        + "(normalization.py:228): tensor 'nowhere' is used but not defined",
      .model,
      replacing: #""arg": {"as_tensor": {"name": "relu"}}"#,
      by: #""arg": {"as_tensor": {"name": "nowhere"}}"#),
    Defect(
      "a node that reads itself", .malformed,
      "x.pt2: aten.relu.default 'relu' in 1 (activation.py:143): tensor "
        + "'relu' is used but not defined",
      .model,
      replacing: #"{"name": "self", "arg": {"as_tensor": {"name": "linear"}}"#,
      by: #"{"name": "self", "arg": {"as_tensor": {"name": "relu"}}"#),
    Defect(
      "a node that reads a later one", .malformed,
      "x.pt2: aten.relu.default 'relu' in 1 (activation.py:143): tensor "
        + "'softmax' is used but not defined",
      .model,
      replacing: #"{"name": "self", "arg": {"as_tensor": {"name": "linear"}}"#,
      by: #"{"name": "self", "arg": {"as_tensor": {"name": "softmax"}}"#),
    Defect(
      "a node without a result", .malformed,
      "x.pt2: aten.layer_norm.default 'layer_norm' in 2 "
        + "(normalization.py:228): tensor 'relu' is used but not defined",
      .model,
      replacing: #""outputs": [{"as_tensor": {"name": "relu"}}], "metadata""#,
      by: #""outputs": [], "metadata""#),
    Defect(
      "a node without an operator", .malformed,
      "x.pt2 > mlp/models/model.json: graph_module.graph.nodes[1]: the key "
        + "'target' is missing",
      .model,
      replacing: #""target": "torch.ops.aten.relu.default""#,
      by: #""goal": "torch.ops.aten.relu.default""#),
    Defect(
      "an operator that does not exist", .unsupportedOperation,
      "x.pt2: aten.frobnicate.default 'relu' in 1 (activation.py:143): "
        + "'aten.frobnicate.default' is not supported",
      .model,
      replacing: "torch.ops.aten.relu.default",
      by: "torch.ops.aten.frobnicate.default"),
    Defect(
      "an argument without a value", .malformed,
      "x.pt2 > mlp/models/model.json: "
        + "graph_module.graph.nodes[1].inputs[0]: the key 'arg' is missing",
      .model,
      replacing: #"{"name": "self", "arg": {"as_tensor": {"name": "linear"}}"#,
      by: #"{"name": "self", "value": {"as_tensor": {"name": "linear"}}"#),
    Defect(
      "a number where a tensor belongs", .unsupportedArgument,
      "x.pt2: aten.relu.default 'relu' in 1 (activation.py:143): argument "
        + "'self' is not a tensor",
      .model,
      replacing: #"{"name": "self", "arg": {"as_tensor": {"name": "linear"}}"#,
      by: #"{"name": "self", "arg": {"as_int": 3}"#),
    Defect(
      "a tensor where a number belongs", .unsupportedArgument,
      "x.pt2: aten.softmax.int 'softmax' in 4 (activation.py:1821): "
        + "argument 'dim' is not an integer",
      .model,
      replacing: #""arg": {"as_int": -1}"#,
      by: #""arg": {"as_tensor": {"name": "relu"}}"#),
    Defect(
      "an axis outside", .malformed,
      "x.pt2: aten.softmax.int 'softmax' in 4 (activation.py:1821): "
        + "argument 'dim' is -9223372036854775808 for a tensor of rank 2",
      .model,
      replacing: #""arg": {"as_int": -1}"#,
      by: #""arg": {"as_int": -9223372036854775808}"#),
    Defect(
      "an argument that is missing", .malformed,
      "x.pt2: aten.softmax.int 'softmax' in 4 (activation.py:1821): "
        + "argument 'dim' is missing",
      .model,
      replacing: #"{"name": "dim", "arg""#,
      by: #"{"name": "dom", "arg""#),
    Defect(
      "an output that nothing defines", .malformed,
      "x.pt2: the output 'nowhere' is not defined",
      .model,
      replacing: #""user_output": {"arg": {"as_tensor": {"name": "softmax"}}}"#,
      by: #""user_output": {"arg": {"as_tensor": {"name": "nowhere"}}}"#),
    Defect(
      "an input without a type", .malformed,
      "x.pt2: the type of input 'nowhere' is not recorded",
      .model,
      replacing: #""user_input": {"arg": {"as_tensor": {"name": "input"}}}"#,
      by: #""user_input": {"arg": {"as_tensor": {"name": "nowhere"}}}"#),
    Defect(
      "an input of no kind", .malformed,
      "x.pt2 > mlp/models/model.json: "
        + "graph_module.signature.input_specs[6]: an input of no kind",
      .model,
      replacing: #"{"user_input": {"arg": {"as_tensor": {"name": "input"}}}}"#,
      by: "{}"),
    Defect(
      "a parameter that is not stored", .malformed,
      "x.pt2: the weight '0.wait' is not in the archive",
      .model,
      replacing: #""parameter_name": "0.weight""#,
      by: #""parameter_name": "0.wait""#),
    Defect(
      "an empty range", .malformed,
      "x.pt2 > mlp/models/model.json: range_constraints.s0: the range 4 to 2 is empty",
      .model,
      replacing: #""range_constraints": {"#,
      by: #""range_constraints": {"s0": {"min_val": 4, "max_val": 2}"#),
    Defect(
      "a key twice", .malformed,
      "x.pt2 > mlp/models/model.json: not valid JSON: line 1, column 365: "
        + "the key 'nodes' is given twice",
      .model,
      replacing: #""nodes": ["#,
      by: #""nodes": [], "nodes": ["#),
    Defect(
      "a shape that the types deny", .internalError,
      "x.pt2: aten.relu.default 'relu' in 1 (activation.py:143): lowered to "
        + "shape [3, 32] where the source has [5, 32]",
      .model,
      replacing: #""relu": {"dtype": 7, "sizes": [{"as_int": 3}"#,
      by: #""relu": {"dtype": 7, "sizes": [{"as_int": 5}"#),
    Defect(
      "a weight in another file", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: config.0.weight: "
        + "the entry 'mlp/data/weights/../../models/model.json' of '0.weight' is missing",
      .weights,
      replacing: #""path_name": "weight_0""#,
      by: #""path_name": "../../models/model.json""#),
    Defect(
      "a weight that leaves the archive", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: config.0.weight: "
        + "the entry 'mlp/data/weights/../../../../etc/passwd' of '0.weight' is missing",
      .weights,
      replacing: #""path_name": "weight_0""#,
      by: #""path_name": "../../../../etc/passwd""#),
    Defect(
      "a weight that is pickled", .unsupportedArgument,
      "x.pt2: the weight '0.weight' is pickled, and modelpack executes nothing that it "
        + "finds in a file",
      .weights,
      replacing: #""use_pickle": false"#,
      by: #""use_pickle": true"#),
    Defect(
      "a weight larger than its entry", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: "
        + "config.0.weight.tensor_meta: '0.weight': a float32 tensor of shape [33, 16], "
        + "strides [16, 1] and offset 0 does not fit its 2048 bytes",
      .weights,
      replacing: #"{"as_int": 32}, {"as_int": 16}"#,
      by: #"{"as_int": 33}, {"as_int": 16}"#),
    Defect(
      "a weight of a wider type", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: "
        + "config.0.weight.tensor_meta: '0.weight': a float64 tensor of shape [32, 16], "
        + "strides [16, 1] and offset 0 does not fit its 2048 bytes",
      .weights,
      replacing: #""dtype": 7"#,
      by: #""dtype": 8"#),
    Defect(
      "a weight of no type", .unsupportedType,
      "x.pt2 > mlp/data/weights/model_weights_config.json: "
        + "config.0.weight.tensor_meta.dtype: scalar type 0 is not supported",
      .weights,
      replacing: #""dtype": 7"#,
      by: #""dtype": 0"#),
    Defect(
      "a weight of 2^62 squared", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: "
        + "config.0.weight.tensor_meta: no tensor has the sizes [4611686018427387904, "
        + "4611686018427387904]",
      .weights,
      replacing: #"{"as_int": 32}, {"as_int": 16}"#,
      by: #"{"as_int": 4611686018427387904}, {"as_int": 4611686018427387904}"#),
    Defect(
      "a weight of negative size", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: "
        + "config.0.weight.tensor_meta: no tensor has the sizes [-32, -16]",
      .weights,
      replacing: #"{"as_int": 32}, {"as_int": 16}"#,
      by: #"{"as_int": -32}, {"as_int": -16}"#),
    Defect(
      "strides beyond the entry", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: "
        + "config.0.weight.tensor_meta: '0.weight': a float32 tensor of shape [32, 16], "
        + "strides [1000, 1] and offset 0 does not fit its 2048 bytes",
      .weights,
      replacing: #""strides": [{"as_int": 16}, {"as_int": 1}]"#,
      by: #""strides": [{"as_int": 1000}, {"as_int": 1}]"#),
    Defect(
      "a negative stride", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: "
        + "config.0.weight.tensor_meta: '0.weight': a float32 tensor of shape [32, 16], "
        + "strides [-16, 1] and offset 0 does not fit its 2048 bytes",
      .weights,
      replacing: #""strides": [{"as_int": 16}, {"as_int": 1}]"#,
      by: #""strides": [{"as_int": -16}, {"as_int": 1}]"#),
    Defect(
      "strides that overflow", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: "
        + "config.0.weight.tensor_meta: '0.weight': a float32 tensor of shape [32, 16], "
        + "strides [9223372036854775807, 1] and offset 0 does not fit its 2048 bytes",
      .weights,
      replacing: #""strides": [{"as_int": 16}, {"as_int": 1}]"#,
      by: #""strides": [{"as_int": 9223372036854775807}, {"as_int": 1}]"#),
    Defect(
      "strides of another rank", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: "
        + "config.0.weight.tensor_meta: sizes [32, 16] and strides [16] do not belong "
        + "together",
      .weights,
      replacing: #""strides": [{"as_int": 16}, {"as_int": 1}]"#,
      by: #""strides": [{"as_int": 16}]"#),
    Defect(
      "an offset beyond the entry", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: "
        + "config.0.weight.tensor_meta: '0.weight': a float32 tensor of shape [32, 16], "
        + "strides [16, 1] and offset 1 does not fit its 2048 bytes",
      .weights,
      replacing: #""storage_offset": {"as_int": 0}"#,
      by: #""storage_offset": {"as_int": 1}"#),
    Defect(
      "a negative offset", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: "
        + "config.0.weight.tensor_meta: '0.weight': a float32 tensor of shape [32, 16], "
        + "strides [16, 1] and offset -1 does not fit its 2048 bytes",
      .weights,
      replacing: #""storage_offset": {"as_int": 0}"#,
      by: #""storage_offset": {"as_int": -1}"#),
    Defect(
      "a symbolic weight", .malformed,
      "x.pt2 > mlp/data/weights/model_weights_config.json: "
        + "config.0.weight.tensor_meta: a stored tensor has a symbolic size",
      .weights,
      replacing: #"{"as_int": 32}, {"as_int": 16}"#,
      by: #"{"as_expr": {"expr_str": "s0"}}, {"as_int": 16}"#),
    Defect(
      "a weight of another shape than its use", .malformed,
      "x.pt2: the weight '0.weight' has shape [16, 32] where the graph has [32, 16]",
      .weights,
      replacing: #"{"as_int": 32}, {"as_int": 16}"#,
      by: #"{"as_int": 16}, {"as_int": 32}"#),
  ]
}
