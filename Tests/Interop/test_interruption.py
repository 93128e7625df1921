# SPDX-License-Identifier: Apache-2.0
"""Conversions that are killed or interrupted, that are repeated elsewhere, and that must stay small in memory."""
import hashlib
import json
import os
import random
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest
import torch
from torch import nn

import modelpack

LAYERS, WIDTH = 16, 2048  # 268 MB of float32
KILLS, INTERRUPTIONS = 20, 6
MEMORY_LIMIT = 300 << 20
# Runs in a small process of its own: a child begins with the memory of the process that starts it.
MEASURE = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with the large model `big.pt2`, `big.mlpackage` made from it, and `small.mlpackage`."""
    folder = str(tmp_path_factory.mktemp("models"))
    torch.manual_seed(7)
    for name, layers, width in [("big", LAYERS, WIDTH), ("small", 2, 64)]:
        module = nn.Sequential(*[nn.Linear(width, width) for _ in range(layers)]).eval()
        base = os.path.join(folder, name)
        torch.export.save(torch.export.export(module, (torch.zeros(1, width),)), base + ".pt2")
        modelpack.convert(base + ".pt2", base + ".mlpackage")
    yield folder
    shutil.rmtree(folder)


class Job:
    """A command that takes its time to write a package."""

    def __init__(self, name, models):
        self.command = {
            "convert": ["convert", os.path.join(models, "big.pt2")],
            "quantize": ["quantize", os.path.join(models, "big.mlpackage"), "--int4"],
        }[name]

    def arguments(self, output):
        return [modelpack.BINARY, *self.command, "-o", output, "--overwrite", "--quiet"]

    def start(self, output):
        return subprocess.Popen(self.arguments(output), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def finish(self, output):
        modelpack.run(*self.arguments(output)[1:])

    def duration(self, output):
        """The shortest time of a few whole runs."""
        times = []
        for _ in range(3):
            start = time.monotonic()
            self.finish(output)
            times.append(time.monotonic() - start)
        return min(times)


@pytest.fixture(params=["convert", "quantize"])
def job(request, models):
    return Job(request.param, models)


def digest(package):
    """A hash over the names and bytes of everything in a folder."""
    total = hashlib.sha256()
    for folder, folders, names in os.walk(package):
        folders.sort()
        for name in sorted(folders) + sorted(names):
            path = os.path.join(folder, name)
            total.update(os.path.relpath(path, package).encode() + b"\0")
            if os.path.isfile(path):
                with open(path, "rb") as stream:
                    total.update(hashlib.file_digest(stream, "sha256").digest())
    return total.hexdigest()


def is_accepted(package):
    done = subprocess.run([modelpack.BINARY, "inspect", package], capture_output=True, timeout=modelpack.TIME_LIMIT)
    return done.returncode == 0


def prepare(output, earlier, models):
    shutil.rmtree(output, ignore_errors=True)
    if earlier:
        shutil.copytree(os.path.join(models, "small.mlpackage"), output)


def assert_intact(output, earlier, whole):
    """At `output` is what was there before (`earlier`, a digest or None), or all of the new package."""
    if not os.path.lexists(output):
        assert not earlier, "the earlier output is gone"
        return
    seen = digest(output)
    assert seen in (earlier, whole), f"part of an output: {os.listdir(output)}, accepted: {is_accepted(output)}"
    assert is_accepted(output)


@pytest.mark.parametrize("has_earlier", [False, True], ids=["nothing-before", "over-an-earlier-one"])
def test_killed(job, has_earlier, models, folder):
    """Killed at random points, a run leaves the old output or none; the next one clears what it left."""
    output = os.path.join(folder, "model.mlpackage")
    duration = job.duration(output)
    whole = digest(output)
    earlier = digest(os.path.join(models, "small.mlpackage")) if has_earlier else None
    assert whole != earlier
    points = random.Random(20)
    killed = littered = 0
    for _ in range(4 * KILLS):
        if killed == KILLS:
            break
        prepare(output, has_earlier, models)
        with job.start(output) as process:
            time.sleep(points.uniform(0, duration))
            process.kill()
            killed += process.wait() == -signal.SIGKILL
        assert_intact(output, earlier, whole)
        left = [name for name in os.listdir(folder) if name != "model.mlpackage"]
        assert len(left) <= 1, f"a run did not clear what earlier ones left: {left}"
        assert all(name.startswith(".model.mlpackage.") for name in left), left
        littered += len(left)
    assert killed == KILLS and littered > 0, f"{killed} runs were killed in time, {littered} left something"
    job.finish(output)
    assert os.listdir(folder) == ["model.mlpackage"]
    assert digest(output) == whole


@pytest.mark.parametrize("has_earlier", [False, True], ids=["nothing-before", "over-an-earlier-one"])
@pytest.mark.parametrize("number,code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"])
def test_interrupted(job, number, code, has_earlier, models, folder):
    """Interrupted while it writes, a run exits with the code of the signal and leaves nothing behind."""
    output = os.path.join(folder, "model.mlpackage")
    duration = job.duration(output)
    whole = digest(output)
    earlier = digest(os.path.join(models, "small.mlpackage")) if has_earlier else None
    points = random.Random(int(number))
    interrupted = 0
    for _ in range(4 * INTERRUPTIONS):
        if interrupted == INTERRUPTIONS:
            break
        prepare(output, has_earlier, models)
        with job.start(output) as process:
            wait_for_writing(process, folder)
            time.sleep(points.uniform(0, duration / 2))
            process.send_signal(number)
            exit_code = process.wait(timeout=modelpack.TIME_LIMIT)
            message = process.stderr.read().decode()
        if exit_code == code:
            interrupted += 1
            assert message == "error: interrupted\n"
            assert [n for n in os.listdir(folder) if n != "model.mlpackage"] == [], "something was left behind"
            assert_intact(output, earlier, whole)
        else:
            assert exit_code == 0, f"exit {exit_code}: {message}"
            assert digest(output) == whole
            assert os.listdir(folder) == ["model.mlpackage"]
    assert interrupted == INTERRUPTIONS, f"only {interrupted} runs were interrupted in time"


def test_interrupted_document(job, models, folder):
    """With `--json` the one document on stdout says that the run was interrupted."""
    output = os.path.join(folder, "model.mlpackage")
    command = [argument for argument in job.arguments(output) if argument != "--quiet"] + ["--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        stop_while_writing(process, folder)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGCONT)
        document, messages = process.communicate(timeout=modelpack.TIME_LIMIT)
    assert process.returncode == 130 and messages == b""
    assert json.loads(document)["diagnostics"][0]["message"] == "interrupted"
    assert os.listdir(folder) == []


def stop_while_writing(process, folder):
    """Stops the run once its weight file is there."""
    weights = os.path.join("Data", "com.apple.CoreML", "weights", "weight.bin")
    while process.poll() is None:
        for name in os.listdir(folder):
            if name.startswith(".") and os.path.exists(os.path.join(folder, name, "model.mlpackage", weights)):
                process.send_signal(signal.SIGSTOP)
                return
    raise AssertionError(f"ended with {process.returncode} before it wrote weights")


def whole_source(job):
    """The file that the job reads its weights from."""
    source = job.command[1]
    return source if source.endswith(".pt2") else os.path.join(source, "Data/com.apple.CoreML/weights/weight.bin")


def test_source_shrinks(job, models, folder):
    """A source cut off while it is read is malformed; nothing is left behind and the source stays as it was cut."""
    place, copy = os.path.join(folder, "out"), os.path.join(folder, os.path.basename(job.command[1]))
    os.mkdir(place)
    (shutil.copytree if os.path.isdir(job.command[1]) else shutil.copyfile)(job.command[1], copy)
    job.command[1] = copy
    source, output = whole_source(job), os.path.join(place, "model.mlpackage")
    with job.start(output) as process:
        stop_while_writing(process, place)
        size = os.path.getsize(source) // 2
        os.truncate(source, size)
        process.send_signal(signal.SIGCONT)
        code = process.wait(timeout=modelpack.TIME_LIMIT)
        message = process.stderr.read().decode()
    assert code == 65, message
    pattern = rf"error: {re.escape(source)}: ends at byte {size}, \d+ bytes short of what it declares\n"
    assert re.fullmatch(pattern, message), message
    assert os.listdir(place) == [] and os.path.getsize(source) == size


@pytest.fixture
def small_disk(folder):
    """A file system of 8 MB."""
    place = os.path.join(folder, "disk")
    os.mkdir(place)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", place], capture_output=True).returncode != 0:
        pytest.skip("a small file system cannot be mounted here: that takes root on Linux")
    yield place
    subprocess.run(["umount", place], check=True)


NO_SPACE = "free some space, or write to another disk"
TOO_LARGE = "allow larger files (ulimit -f), or write to a file system that has them"


def assert_cannot_write(done, output, reason, fix):
    message = done.stderr.decode()
    assert done.returncode == 73, message
    pattern = rf"error: {re.escape(output)}: cannot be written: {reason}\n  note: its weights take \d+ bytes\n  fix: {re.escape(fix)}\n"
    assert re.fullmatch(pattern, message), message


def test_disk_full(job, models, small_disk):
    before = digest(models)
    output = os.path.join(small_disk, "model.mlpackage")
    done = subprocess.run(job.arguments(output), capture_output=True, timeout=modelpack.TIME_LIMIT)
    assert_cannot_write(done, output, "No space left on device", NO_SPACE)
    assert os.listdir(small_disk) == []
    assert digest(models) == before


def test_disk_fills_up(job, models, small_disk):
    """Not even the model without its weights fits."""
    with open(os.path.join(small_disk, "other"), "wb") as other:
        while space := os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize:
            other.write(bytes(min(space, 1 << 20)))
            other.flush()
    output = os.path.join(small_disk, "model.mlpackage")
    done = subprocess.run(job.arguments(output), capture_output=True, timeout=modelpack.TIME_LIMIT)
    message = done.stderr.decode()
    assert done.returncode == 73, message
    assert message == f"error: {output}: cannot be written: No space left on device\n  fix: {NO_SPACE}\n"
    assert os.listdir(small_disk) == ["other"]


def test_file_size_limit(job, models, folder):
    """A limit on the size of files is an error like a full disk, not the end by a signal."""
    before = digest(models)
    output = os.path.join(folder, "model.mlpackage")
    done = subprocess.run(
        job.arguments(output), capture_output=True, timeout=modelpack.TIME_LIMIT,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, 8 << 20)))
    assert_cannot_write(done, output, "File too large", TOO_LARGE)
    assert os.listdir(folder) == []
    assert digest(models) == before


def test_progress(job, models, folder):
    """On a terminal a run that takes longer than a second shows how many bytes are written, and clears the line."""
    leader, follower = pty.openpty()
    command = [argument for argument in job.arguments(os.path.join(folder, "model.mlpackage")) if argument != "--quiet"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=follower) as process:
        stop_while_writing(process, folder)
        time.sleep(1.2)
        process.send_signal(signal.SIGCONT)
        assert process.wait(timeout=modelpack.TIME_LIMIT) == 0
    shown = os.read(leader, 1 << 16).decode()
    os.close(leader), os.close(follower)
    lines = shown.split("\r\x1b[K")
    number = r"\d+(\.\d+)?"
    assert re.fullmatch(rf"writing weights [█░]{{30}} \d+ %, {number} MB of {number} MB", lines[1]), shown
    assert lines[-1].endswith("\r\n") and "writing weights" not in lines[-1], shown


def wait_for_writing(process, folder):
    """Until the run has begun to write: there is a hidden folder beside its output."""
    while process.poll() is None and not any(name.startswith(".") for name in os.listdir(folder)):
        time.sleep(0.002)


def test_same_bytes_everywhere(models, folder):
    """Neither the run, nor the working directory, nor the path of source or output shows in a package."""
    source, copy = os.path.join(models, "big.pt2"), os.path.join(folder, "elsewhere", "renamed.pt2")
    for name in ("one", "two", "elsewhere"):
        os.mkdir(os.path.join(folder, name))
    shutil.copyfile(source, copy)
    places = [
        ("one", source, "a.mlpackage"),
        ("two", source, os.path.join(folder, "one", "another name.mlpackage")),
        ("elsewhere", "renamed.pt2", os.path.join("..", "two", "b.mlpackage")),
    ]
    digests = []
    for working, model, output in places:
        working = os.path.join(folder, working)
        subprocess.run(
            [modelpack.BINARY, "convert", model, "-o", output, "--quiet"], cwd=working, check=True,
            timeout=modelpack.TIME_LIMIT)
        digests.append(digest(os.path.join(working, output)))
    assert len(set(digests)) == 1, digests
    assert digests[0] == digest(os.path.join(models, "big.mlpackage"))


@pytest.mark.parametrize("options", [[], ["--precision", "float32"], ["--int4"], ["--int8", "--per-channel"]], ids=" ".join)
def test_memory_of_convert(options, models, folder):
    command = ["convert", os.path.join(models, "big.pt2"), "-o", os.path.join(folder, "out.mlpackage"), *options]
    assert peak_memory(command) < MEMORY_LIMIT


@pytest.mark.parametrize("options", [["--int4"], ["--int8"], ["--uint4", "--asymmetric"]], ids=" ".join)
def test_memory_of_quantize(options, models, folder):
    command = ["quantize", os.path.join(models, "big.mlpackage"), "-o", os.path.join(folder, "out.mlpackage"), *options]
    assert peak_memory(command) < MEMORY_LIMIT


def test_memory_of_inspect(models):
    assert peak_memory(["inspect", os.path.join(models, "big.mlpackage"), "--json"]) < 100 << 20


def peak_memory(arguments):
    done = subprocess.run(
        [sys.executable, "-S", "-c", MEASURE, modelpack.BINARY, *arguments], capture_output=True, text=True,
        timeout=modelpack.TIME_LIMIT)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
