# SPDX-License-Identifier: Apache-2.0
"""Packages that coremltools writes run here, with the numbers PyTorch gives."""
import glob
import json
import os

import modelpack
import recorded
from compare import assert_close
from modelpack import ROOT

# The names come from the fixtures so that tests can be listed without writing packages.
CASES = sorted(os.path.basename(p).removesuffix(".json") for p in glob.glob(os.path.join(ROOT, "Fixtures", "packages", "*.json")))


def pytest_generate_tests(metafunc):
    if "name" in metafunc.fixturenames:
        metafunc.parametrize("name", CASES)


def test_runs(name, coremltools_packages, folder):
    base = os.path.join(coremltools_packages, name)
    with open(base + ".json") as file:
        about = json.load(file)
    package = os.path.join(coremltools_packages, about["package"])
    options = ["--function", about["function"]] if about["function"] else []
    calls = recorded.calls(base)
    results = modelpack.predict(package, [given for given, _ in calls], folder, *options)
    for (_, expected), result in zip(calls, results):
        assert_close(expected, result, about["tolerance"])


def test_every_package_has_a_case(coremltools_packages):
    """A package added to the script without its fixture would otherwise be tested by nobody."""
    written = {os.path.basename(p).removesuffix(".json") for p in glob.glob(os.path.join(coremltools_packages, "*.json"))}
    assert written == set(CASES)
    assert len(glob.glob(os.path.join(coremltools_packages, "*.mlpackage"))) >= 10


def test_classifier(coremltools_packages, folder):
    """The label comes out as text, the scores as numbers with the labels they belong to."""
    base = os.path.join(coremltools_packages, "classifier-iOS16")
    (given, expected), = recorded.calls(base)
    result, = modelpack.predict(base + ".mlpackage", [given], folder)
    labels, (name, scores) = ["cat", "dog", "bird"], next(iter(expected.items()))
    assert set(result) == {"label", name, name + ".labels"}
    assert result[name + ".labels"].tolist() == labels
    assert result["label"].dtype.kind == "U" and result["label"].item() == labels[int(scores.argmax())]
