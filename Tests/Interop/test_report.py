# SPDX-License-Identifier: Apache-2.0
"""The HTML report in a real browser: headless Chromium, which scripts/setup-python installs where it can."""
import json
import os
import re
import shutil
import subprocess
import time
from html.parser import HTMLParser

import numpy as np
import pytest

import modelpack

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TIME_LIMIT = 3.0  # seconds, for a page of a model of 123M parameters

pytestmark = pytest.mark.skipif(BROWSER is None, reason="there is no Chromium: run scripts/setup-python")

# Runs in the page: what a person would see, as numbers.
PROBE = """
<script>
window.addEventListener("load", function () { setTimeout(function () {
  function visible(element) {
    var box = element.getBoundingClientRect(), style = getComputedStyle(element);
    return box.width > 0 && box.height > 0 && style.visibility === "visible" && style.display !== "none";
  }
  function rows() { return Array.from(document.querySelectorAll("#weights tbody tr")); }
  function shown() { return rows().filter(visible).map(function (row) { return row.cells[0].textContent; }); }
  var map = document.getElementById("treemap").getBoundingClientRect();
  var cells = Array.from(document.querySelectorAll("#treemap .cell"));
  var result = {
    map: map.width * map.height, cells: cells.length,
    covered: cells.reduce(function (sum, cell) {
      var box = cell.getBoundingClientRect();
      return sum + box.width * box.height;
    }, 0),
    labels: Array.from(document.querySelectorAll("#treemap text")).filter(visible).length,
    figures: Array.from(document.querySelectorAll("figure")).filter(visible).map(function (figure) {
      var box = figure.querySelector("path").getBoundingClientRect();
      return {name: figure.querySelector("a").textContent, width: box.width, height: box.height};
    }),
    table: shown(), loaded: performance.now(), wide: document.documentElement.scrollWidth - innerWidth
  };
  var heads = Array.from(document.querySelectorAll("#weights th"));
  result.heads = heads.map(function (head) { return head.textContent; });
  var column = result.heads.indexOf("bytes");
  function sizes() { return rows().map(function (row) { return Number(row.cells[column].dataset.v); }); }
  heads[column].firstChild.click();
  result.ascending = sizes();
  heads[column].firstChild.click();
  result.descending = sizes();
  var filter = document.getElementById("filter");
  filter.value = result.table[0].toUpperCase();
  filter.dispatchEvent(new Event("input"));
  result.filtered = shown();
  document.title = JSON.stringify(result);
}, 0); });
</script>
"""


class Title(HTMLParser):
    """The title of a page (figures have titles of their own), and how many scripts it has."""

    def __init__(self, text):
        super().__init__()
        self.title, self.scripts, self.inside = "", 0, False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.inside = tag == "title" and not self.title
        self.scripts += tag == "script"

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        self.title += data if self.inside else ""


def chromium(page, folder, *options):
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,1600",
               f"--user-data-dir={os.path.join(folder, 'profile')}", "--enable-logging=stderr", "--v=0", *options,
               "file://" + page]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    # Messages of a page, errors and refusals of its policy included, and what it could not load.
    complaints = [line for line in done.stderr.splitlines() if re.search(r"CONSOLE|net::ERR|Refused to", line)]
    assert not complaints, "\n".join(complaints)
    return done.stdout


def render(page, folder):
    """What a person would see of `page`; asserts that nothing went wrong in it."""
    with open(page, encoding="utf-8") as file:
        text = file.read()
    assert "://" not in text, "the page refers to something else"
    start = time.monotonic()
    dom = chromium(page, folder, "--dump-dom")
    seconds = time.monotonic() - start
    assert Title(dom).scripts == 1
    probed = os.path.join(folder, "probed.html")
    with open(probed, "w", encoding="utf-8") as file:
        file.write(text.replace("</body>", PROBE + "</body>"))
    seen = json.loads(Title(chromium(probed, folder, "--virtual-time-budget=10000", "--dump-dom")).title)
    picture = os.path.join(folder, "page.png")
    chromium(page, folder, f"--screenshot={picture}")
    assert os.path.getsize(picture) > 20_000, "the screenshot is nearly empty"
    return seen, seconds


def check(seen, names, worst):
    assert seen["cells"] == len(names)
    # What is not cells is titles of modules and the lines between cells.
    assert seen["covered"] > 0.75 * seen["map"] > 300_000
    assert seen["labels"] > 0
    assert sorted(seen["table"]) == sorted(names)
    assert [figure["name"] for figure in seen["figures"]] == worst
    assert all(figure["width"] > 100 and figure["height"] > 20 for figure in seen["figures"])
    assert seen["wide"] <= 0, "the page is wider than the window"
    assert seen["ascending"] == sorted(seen["ascending"]) and seen["descending"] == seen["ascending"][::-1]
    assert seen["table"][0] in seen["filtered"]
    assert all(seen["table"][0].lower() in name.lower() for name in seen["filtered"])


def program(count, width, folder, names=lambda i: f"model_layers_{i // 7}_part_{i % 7}_weight"):
    """A package of `count` linear layers without biases."""
    import coremltools as ct
    from coremltools.converters.mil import Builder as mb

    generator = np.random.default_rng(1)

    @mb.program(input_specs=[mb.TensorSpec(shape=(1, width))], opset_version=ct.target.iOS18)
    def layers(x):
        for i in range(count):
            weight = mb.const(val=generator.standard_normal((width, width)).astype(np.float32), name=names(i))
            x = mb.linear(x=x, weight=weight)
        return x

    path = os.path.join(folder, "layers.mlpackage")
    ct.convert(layers, minimum_deployment_target=ct.target.iOS18, pass_pipeline=ct.PassPipeline.EMPTY,
               skip_model_load=True).save(path)
    return path


def test_report_of_quantization(folder):
    # More weights than a decoder of 123M parameters has; how large each is does not change the page.
    source, output = program(150, 64, folder), os.path.join(folder, "small.mlpackage")
    page = os.path.join(folder, "report.html")
    done = modelpack.quantize(source, output, "--int4", "--block", "32", "--report", page, "--json")
    document = json.loads(done.stdout)
    seen, seconds = render(page, folder)
    check(seen, [w["name"] for w in modelpack.inspect(output)["weights"]], document["worst"])
    assert {"before", "bytes", "SNR", "largest error", "saturated"} <= set(seen["heads"])
    assert seen["loaded"] / 1000 < TIME_LIMIT and seconds < TIME_LIMIT, (seen["loaded"], seconds)


def test_report_of_a_package(folder):
    source, output = program(20, 64, folder), os.path.join(folder, "small.mlpackage")
    modelpack.quantize(source, output, "--int8", "--exclude", "*layers_1_*")
    page = os.path.join(folder, "report.html")
    modelpack.run("inspect", output, "--report", page)
    seen, _ = render(page, folder)
    weights = modelpack.inspect(output)["weights"]
    largest = sorted(weights, key=lambda w: (-w["bytes"], w["name"]))[:10]
    check(seen, [w["name"] for w in weights], [w["name"] for w in largest])
    assert "SNR" not in seen["heads"]


def test_names_are_never_markup(folder):
    """Names in a package are anything; those that Core ML's own tools never write must not run."""
    import coremltools as ct

    source = program(6, 64, folder)
    hostile = ["<script>console.error('ran')</script>", "<img src=x onerror=console.error('ran')>", "\"'><b>&amp;",
               "</title><script>console.error('ran')</script>", "</svg><iframe src=x>", "a\u202eb\u0001c"]
    path = os.path.join(source, "Data", "com.apple.CoreML", "model.mlmodel")
    spec = ct.proto.Model_pb2.Model()
    with open(path, "rb") as file:
        spec.ParseFromString(file.read())
    renamed = {}
    for function in spec.mlProgram.functions.values():
        for block in function.block_specializations.values():
            for operation in block.operations:
                if operation.type == "const" and "weight" in operation.outputs[0].name:
                    old = operation.outputs[0].name
                    renamed[old] = hostile[len(renamed)]
                    operation.outputs[0].name = renamed[old]
                for argument in operation.inputs.values():
                    for binding in argument.arguments:
                        if binding.name in renamed:
                            binding.name = renamed[binding.name]
    assert len(renamed) == len(hostile)
    with open(path, "wb") as file:
        file.write(spec.SerializeToString())
    page = os.path.join(folder, "report.html")
    modelpack.run("inspect", source, "--report", page)
    seen, _ = render(page, folder)
    shown = ["a\ufffdb\ufffdc" if name.startswith("a") else name for name in hostile]
    # Beside them are the biases that coremltools adds.
    assert set(shown) <= set(seen["table"]), seen["table"]
    assert seen["cells"] == len(seen["table"])
