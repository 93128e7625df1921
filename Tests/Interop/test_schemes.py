# SPDX-License-Identifier: Apache-2.0
"""Every row of `schemes.py`: what modelpack writes, coremltools reads; what coremltools writes, modelpack reads."""
import os
import subprocess
import sys

import numpy as np
import pytest

import coremltools as ct
import coremltools.optimize.coreml as cto
import modelpack
import schemes
from check_with_coremltools import check, load
from constants import chain, code_dtype, decoded, is_compressed, operands
from coremltools.converters.mil import Builder as mb
from coremltools.converters.mil.mil import types

DTYPES = {"fp16": np.float16, "fp32": np.float32}
LENGTH = 8  # of every dimension that is no channel


def small(values, x, image, name):
    """Four weights."""
    y = mb.linear(x=x, weight=values(80, 16), name=name + "linear")
    y = mb.matmul(x=y, y=values(80, 80), name=name + "matmul")
    c = mb.conv(x=image, weight=values(48, 16, 2, 2), name=name + "conv")
    return [y, mb.conv_transpose(x=c, weight=values(48, 40, 2, 2), name=name + "conv_transpose")]


def thorough(values, x, image, name):
    """Those, and one at every other place that a weight can be at."""
    ids = mb.cast(x=mb.slice_by_index(x=x, begin=[0, 0], end=[1, 3], name=name + "some"), dtype="int32", name=name + "ids")
    left = mb.matmul(x=values(24, 32), y=mb.reshape(x=x, shape=[32, -1], name=name + "tall"), name=name + "left")
    batched = mb.matmul(x=mb.reshape(x=x, shape=[2, -1, 16], name=name + "two"), y=values(2, 16, 24), name=name + "batched")
    turned = mb.matmul(x=x, y=values(40, 16), transpose_y=True, name=name + "turned")
    grouped = mb.conv(x=image, weight=values(16, 8, 3, 3), groups=2, name=name + "grouped")
    looked = mb.gather(x=values(40, 48), indices=ids, axis=0, name=name + "gather")
    return [*small(values, x, image, name), left, batched, turned, grouped, looked]


def package(path, target, dtypes, build):
    """A package whose weights are of each of `dtypes`."""
    random = np.random.default_rng(7)
    specs = [mb.TensorSpec(shape, dtype=getattr(types, d)) for d in dtypes for shape in ((4, 16), (1, 16, LENGTH, LENGTH))]

    def results(dtype, x, image):
        def values(*shape):
            return (random.standard_normal(shape) * random.uniform(0.2, 2, shape[-1:])).astype(DTYPES[dtype])
        return build(values, x, image, dtype + "_")

    if len(dtypes) == 1:
        def program(x, image):
            return tuple(results(dtypes[0], x, image))
    else:
        def program(x, image, other_x, other_image):
            return tuple(results(dtypes[0], x, image) + results(dtypes[1], other_x, other_image))

    program = mb.program(input_specs=specs, opset_version=getattr(ct.target, target))(program)
    ct.convert(program, minimum_deployment_target=getattr(ct.target, target), skip_model_load=True,
               compute_precision=ct.precision.FLOAT32).save(path)
    return path


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """`source(target, build, bits)`: a package; with `bits`, one whose weights have 2^bits values at most."""
    directory = str(tmp_path_factory.mktemp("schemes"))

    def make(target, build, bits=None):
        path = os.path.join(directory, f"{target}-{build.__name__}-{bits or 'any'}.mlpackage")
        if os.path.exists(path):
            return path
        if bits is None:
            return package(path, target, ["fp32"] if target == "iOS15" else ["fp16", "fp32"], build)
        palette = os.path.join(directory, "palette.mlpackage")
        modelpack.quantize(make(target, build), palette, "--palette", bits, "--min-elements", 0)
        modelpack.run("decompress", palette, "-o", path)
        return path

    return make


def flags(row, folder):
    """The options of the row, its table written."""
    options = row.flags.split()
    if "TABLE.npy" in options:
        vectors = int(options[options.index("--cluster") + 1]) if "--cluster" in options else 1
        table = np.linspace(-2, 2.5, 2 ** row.bits * vectors, dtype=np.float32).reshape(-1, vectors)
        np.save(os.path.join(folder, "table.npy"), table if vectors > 1 else table[:, 0])
        options[options.index("TABLE.npy")] = os.path.join(folder, "table.npy")
    return options + ["--min-elements", "0"]


def packages_for(row, source, target, build):
    return source(target, build, row.bits if "unique" in row.scheme else None)


DENSE = {schemes.SPARSE_SHIFT: schemes.SHIFT, schemes.SPARSE_TABLE: schemes.TABLE}


def expected_chain(row, target, key):
    """The operations of the row for the weight at `key`; patterns and blocks leave tables of `gather` alone."""
    form = row.forms[target]
    if key[0] == "gather" and not row.prunes_tables:
        return tuple(DENSE.get(o, o) for o in form if o != schemes.SPARSE)
    return form


def assert_same(actual, expected, where):
    assert actual.dtype == expected.dtype and actual.shape == expected.shape, where
    assert actual.tobytes() == expected.tobytes(), f"{where}: {np.sum(actual != expected)} of {expected.size} differ"


def dense(path, folder):
    """What modelpack itself takes the constants to be."""
    result = os.path.join(folder, "dense.mlpackage")
    modelpack.run("decompress", path, "-o", result, "--overwrite")
    found = dict(operands(result))
    assert not any(map(is_compressed, found.values()))
    return {key: value.val for key, value in found.items()}


def test_page():
    script = os.path.join(modelpack.ROOT, "scripts", "generate-compression-schemes")
    page = subprocess.run([sys.executable, script, "--print"], capture_output=True, text=True, check=True).stdout
    with open(os.path.join(modelpack.ROOT, "docs", "compression-schemes.md")) as file:
        assert file.read() == page, "run scripts/generate-compression-schemes"


# iOS 26 has what iOS 18 has: one bit width of each scheme is enough.
OURS = [(t, r) for r in schemes.ROWS for t in schemes.TARGETS if r.written(t) and (t != "iOS26" or r.bits in (0, 4))]
# Of palettes, 3 bits are refused for themselves, and all others alike.
REFUSED = [(t, r) for r in schemes.ROWS for t in schemes.TARGETS
           if not r.written(t) and (r.bits in (0, 3, 4) or "palette" not in r.family)]


def ids(rows):
    return [f"{t}-{r.name}" for t, r in rows]


@pytest.mark.parametrize("target,row", OURS, ids=ids(OURS))
def test_ours(target, row, source, folder):
    given, ours = packages_for(row, source, target, thorough), os.path.join(folder, "ours.mlpackage")
    modelpack.quantize(given, ours, *flags(row, folder))
    check(ours)
    values, count = dense(ours, folder), 0
    for key, variable in operands(ours):
        if variable.rank < 2 or not (is_compressed(variable) or variable.val is not None):
            continue
        wanted = expected_chain(row, target, key)
        assert chain(variable) == wanted, key
        if row.codes and wanted:
            assert code_dtype(variable) == row.codes, key
        assert_same(values[key], np.asarray(decoded(variable)), key)
        count += 1
    assert count == 18, f"{count} weights"
    if row.scheme == "unique":
        assert modelpack.run("compare", given, ours, "--tolerance", "0")


@pytest.mark.parametrize("target,row", REFUSED, ids=ids(REFUSED))
def test_refused(target, row, source, folder):
    given, ours = source(target, small), os.path.join(folder, "ours.mlpackage")
    done = modelpack.quantize(given, ours, *flags(row, folder), code=69)
    assert done.stderr == f"error: {given}: {row.forms[target].text(target)}\n"
    assert not os.path.exists(ours)


@pytest.mark.parametrize("options", schemes.IMPOSSIBLE, ids=lambda o: o.replace("--", "").replace(" ", "-"))
def test_impossible(options, source, folder):
    given, ours = source("iOS18", small), os.path.join(folder, "ours.mlpackage")
    done = modelpack.quantize(given, ours, *options.split(), code=(64, 69))
    message = schemes.IMPOSSIBLE[options].text("iOS18")
    assert done.stderr in (f"error: {message}\n", f"error: {given}: {message}\n")
    assert not os.path.exists(ours)


# The other way round. coremltools is slow to start, so the rows of a target that take the same passes share a package.

PASSES = {"linear": (cto.linear_quantize_weights, cto.OpLinearQuantizerConfig),
          "palette": (cto.palettize_weights, cto.OpPalettizerConfig)}


class Their:
    """Something for coremltools to write: one linear operation of each dtype and a convolution."""

    def __init__(self, name, steps, bits, form, codes):
        self.name, self.steps, self.bits, self.form, self.codes = name, steps, bits, form, codes

    def wide(self):
        """Whether k-means needs more vectors than usual."""
        return self.bits >= 6 and any("cluster_dim" in options for _, options in self.steps)

    def weight(self, random, *shape):
        few = random.standard_normal(2 ** self.bits) if self.steps[-1][1].get("mode") == "unique" else None
        return random.standard_normal(shape) if few is None else random.choice(few, shape)

    def config(self, number):
        """The configuration of one step."""
        kind, options = self.steps[number]
        if options.get("mode") == "custom":
            options = dict(options, lut_function=custom(self.bits))
        if kind == "prune":
            pruner = cto.OpThresholdPrunerConfig if "threshold" in options else cto.OpMagnitudePrunerConfig
            return pruner(weight_threshold=0, **options)
        return PASSES[kind][1](weight_threshold=0, **options)

    def rank(self):
        """The rank of weights that it applies to; None for all."""
        return next((len(o["block_size"]) for _, o in self.steps if isinstance(o.get("block_size"), tuple)), None)


def custom(bits):
    """A table and indices for `mode="custom"` of coremltools."""
    def table(weight):
        values = np.linspace(weight.min(), weight.max(), 2 ** bits).astype(weight.dtype)
        return values, np.argmin(np.abs(weight.reshape(-1, 1) - values), axis=1).astype(np.uint8)
    return table


def operation_names(their):
    slow = their.bits >= 6 and any(options.get("mode") == "kmeans" for _, options in their.steps)
    return [f"{their.name}_{kind}" for kind in ("fp16", "fp32", "conv")[:1 if slow else 2 if their.rank() == 2 else 3]]


def many(path, target, theirs):
    """A package with the operations of all of `theirs`."""
    random = np.random.default_rng(9)
    specs = [mb.TensorSpec((1, size), dtype=getattr(types, d)) for d in DTYPES for size in (48, 128)]

    @mb.program(input_specs=[*specs, mb.TensorSpec((1, 48, 4, 4), dtype=types.fp16)], opset_version=getattr(ct.target, target))
    def program(half, half_wide, single, single_wide, image):
        results = []
        for their in theirs:
            inputs = ((half_wide, single_wide) if their.wide() else (half, single)) + (image,)
            for name, x in zip(operation_names(their), inputs):
                build = mb.conv if x is image else mb.linear
                shape = (40, 48, 2, 1) if x is image else (128, 128) if their.wide() else (48, 48)
                dtype = np.float32 if x.dtype == types.fp32 else np.float16
                bias = random.standard_normal(shape[0]).astype(dtype)  # equal ones would be shared
                results.append(build(x=x, weight=their.weight(random, *shape).astype(dtype), bias=bias, name=name))
        return tuple(results)

    ct.convert(program, minimum_deployment_target=getattr(ct.target, target), skip_model_load=True,
               compute_precision=ct.precision.FLOAT32).save(path)


def compress(path, theirs, result):
    """By coremltools, with a configuration for each operation."""
    model = ct.models.MLModel(path, skip_model_load=True)
    for number, (kind, _) in enumerate(theirs[0].steps):
        names = {name: t.config(number) for t in theirs for name in operation_names(t)}
        run = cto.prune_weights if kind == "prune" else PASSES[kind][0]
        model = run(model, cto.OptimizationConfig(op_name_configs=names), **(dict(joint_compression=True) if number else {}))
    model.save(result)


def by_output(path):
    """The weight of each operation, by the name of its result."""
    program = load(path)[1]
    return {o.outputs[0].name: o.inputs["weight"] for o in program.functions["main"].operations
            if o.op_type in ("linear", "conv")}


def assert_runs_alike(path, other, folder):
    """Weights are decoded in the same way where a package is run."""
    random = np.random.default_rng(3)
    inputs = {i["name"]: random.standard_normal(i["shape"]).astype(i["dtype"]) for i in modelpack.inspect(path)["inputs"]}
    first, second = (modelpack.predict(p, [inputs], folder)[0] for p in (path, other))
    assert set(first) == set(second) and first
    for name, value in first.items():
        assert np.isfinite(value).all() and np.ptp(value) > 0, f"{name} shows nothing"
        assert_same(value, second[name], name)


def kinds(steps):
    return tuple(kind for kind, _ in steps)


THEIRS = [(t, Their(f"row{n}", r.theirs, r.bits, form, r.codes), r.name) for n, r in enumerate(schemes.ROWS)
          for t, form in r.their_targets().items() if t != "iOS26" or r.bits == 4]
THEIRS += [("iOS26" if "iOS26" in name else "iOS18", Their(f"only{n}", steps, 0, form, ""),
            name.replace(" ", "-").replace(",", ""))
           for n, (name, (steps, form)) in enumerate(schemes.ONLY_THEIRS.items())]


@pytest.fixture(scope="module")
def coremltools_wrote(tmp_path_factory):
    """`coremltools_wrote(target, their)`: the packages that it is in: compressed, with coremltools' dense values, with ours."""
    made = {}

    def make(target, their):
        key = target, kinds(their.steps)
        if key not in made:
            folder = str(tmp_path_factory.mktemp("theirs"))
            paths = [os.path.join(folder, n + ".mlpackage") for n in ("source", "compressed", "expected", "dense")]
            theirs = [t for where, t, _ in THEIRS if where == target and kinds(t.steps) == key[1]]
            many(paths[0], target, theirs)
            compress(paths[0], theirs, paths[1])
            cto.decompress_weights(ct.models.MLModel(paths[1], skip_model_load=True)).save(paths[2])
            modelpack.run("decompress", paths[1], "-o", paths[3])
            check(paths[3])
            modelpack.run("compare", paths[1], paths[2], "--tolerance", "0")
            assert_runs_alike(paths[1], paths[2], folder)
            made[key] = [by_output(path) for path in paths[1:]]
        return made[key]

    return make


@pytest.mark.parametrize("target,their,name", THEIRS, ids=[f"{t}-{name}" for t, _, name in THEIRS])
def test_theirs(target, their, name, coremltools_wrote):
    compressed, expected, dense = coremltools_wrote(target, their)
    for operation in operation_names(their):
        assert chain(compressed[operation]) == their.form, operation
        if their.codes:
            assert code_dtype(compressed[operation]) == their.codes, operation
        assert_same(dense[operation].val, expected[operation].val, operation)
