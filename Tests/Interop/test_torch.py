# SPDX-License-Identifier: Apache-2.0
"""Fresh exports of every family: convert, hold against coremltools, run, compare with PyTorch."""
import os

import pytest

import cases
import modelpack
import recorded
from check_with_coremltools import check
from compare import assert_close

FAMILIES = cases.families()
FLOAT32, FLOAT32_STATEFUL, FLOAT16 = 1e-4, 2e-3, 0.02  # of an output's range; states are float16


def agree(base, folder, precision, *options, tolerance=None):
    about, calls = recorded.about(base), recorded.calls(base)
    package = os.path.join(folder, "model.mlpackage")
    modelpack.convert(base + ".pt2", package, "--precision", precision, *options)
    check(package)
    description = modelpack.inspect(package)
    assert {s["name"] for s in description["states"]} == {modelpack.identifier(s["name"]) for s in about["states"]}
    if tolerance is None and any(f.get("dtype") in ("float16", "bfloat16") for f in about["inputs"] + about["outputs"]):
        tolerance = FLOAT16  # PyTorch itself computes in 16 bits there
    if tolerance is None:
        tolerance = FLOAT16 if precision == "float16" else FLOAT32_STATEFUL if about["states"] else FLOAT32
    results = modelpack.predict(package, [modelpack.fed(description, given) for given, _ in calls], folder)
    labels = {o["name"]: o["label"] for o in about["outputs"] if "label" in o}
    order = [o["name"] for o in description["outputs"]]
    for (_, expected), result in zip(calls, results):
        assert_close(recorded.in_order(expected, about), result, tolerance, order, labels)
    return package


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("case", FAMILIES, ids=repr)
def test_family(case, precision, exported, folder):
    agree(exported(case), folder, precision)


@pytest.mark.parametrize("name", ["mlp", "resnet", "lstm", "llama-dynamic", "bert-fixed"])
def test_validate(name, exported, folder):
    """`validate` passes the float16 package, and does not when nothing may differ."""
    case = next(c for c in FAMILIES if c.name == name)
    package, source = os.path.join(folder, "model.mlpackage"), exported(case) + ".pt2"
    modelpack.convert(source, package)
    modelpack.run("validate", package, "--against", source, "--tolerance", FLOAT16)
    modelpack.run("validate", package, "--against", source, "--tolerance", "0", code=1)


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("case", cases.odd(), ids=repr)
def test_odd(case, precision, exported, folder):
    agree(exported(case), folder, precision, tolerance=FLOAT16 if "float16" in case.name else None)


@pytest.mark.parametrize("quantization", [["--int4", "--block", "32"], ["--int8", "--per-channel"]], ids=["int4", "int8"])
def test_convert_quantized(quantization, exported, folder):
    """Quantizing on the way gives the same weights as quantizing the converted package."""
    case = next(c for c in FAMILIES if c.name == "llama-dynamic")
    source = exported(case) + ".pt2"
    once, plain, twice = (os.path.join(folder, n + ".mlpackage") for n in ("once", "plain", "twice"))
    modelpack.convert(source, once, *quantization)
    modelpack.convert(source, plain)
    modelpack.quantize(plain, twice, *quantization)
    check(once)

    def weights(package):
        return sorted((w["dtype"], w["shape"], w["bytes"], w["compression"]) for w in modelpack.inspect(package)["weights"])

    assert weights(once) == weights(twice) != weights(plain)


def test_no_states(exported, folder):
    case = next(c for c in FAMILIES if c.name == "accumulator")
    package = os.path.join(folder, "model.mlpackage")
    modelpack.convert(exported(case) + ".pt2", package, "--no-states", "--precision", "float32", "--target", "iOS17")
    check(package)
    description = modelpack.inspect(package)
    assert description["states"] == []
    assert len(description["inputs"]) == 2 and len(description["outputs"]) == 2


def test_same_bytes_from_another_folder(exported, tmp_path):
    case = next(c for c in FAMILIES if c.name == "mlp")
    packages = []
    for name in ("a", "a much longer name"):
        (tmp_path / name).mkdir()
        source = tmp_path / name / "model.pt2"
        source.write_bytes(open(exported(case) + ".pt2", "rb").read())
        modelpack.convert(source, tmp_path / name / "model.mlpackage")
        packages.append(tmp_path / name / "model.mlpackage")
    first, second = ({str(f.relative_to(p)): f.read_bytes() for f in p.rglob("*") if f.is_file()} for p in packages)
    assert first == second
