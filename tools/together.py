#!/usr/bin/env python3
"""What eight merges over the same inputs read, one by one and together (Linux).

Sweeps one weight of linear and task_arithmetic over models that `amalgam bench` has made, and prints
the bytes that the process read and wrote, its seconds and its processor time.
Usage: tools/together.py MODELS OUT    (MODELS: bench --models DIR, the folder with base and tuned-1;
OUT: a folder for outputs, which are deleted)
"""
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BASE = {"linear": "", "task_arithmetic": "base_model: {models}/base\n"}
RECIPE = """merge_method: {method}
{base}models:
  - {{model: {models}/tuned-1, parameters: {{weight: ${{w}}}}}}
  - {{model: {models}/tuned-2, parameters: {{weight: 0.5}}}}
  - {{model: {models}/tuned-3, parameters: {{weight: 0.3}}}}
"""


def measured(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.time()
    log = tempfile.TemporaryFile()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)
    read = wrote = 0
    while process.poll() is None:
        try:
            counts = pathlib.Path(f"/proc/{process.pid}/io").read_text()
            read = int(re.search(r"rchar: (\d+)", counts)[1])
            wrote = int(re.search(r"wchar: (\d+)", counts)[1])
        except (OSError, TypeError):
            pass
        time.sleep(0.005)
    if process.returncode:
        log.seek(0)
        sys.exit(f"{command} failed:\n{log.read().decode()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return read / 1e9, wrote / 1e9, time.time() - begin, processor


def main(models, out):
    out.mkdir(parents=True, exist_ok=True)
    print("| method | merges | read GB | written GB | s | processor s |\n|---|---|---|---|---|---|")
    for method, base in BASE.items():
        recipe = out / f"{method}.yml"
        recipe.write_text(RECIPE.format(method=method, base=base.format(models=models), models=models))
        for name, options in {
            "1": ["--sweep", "w=0.1"],
            "8, one by one": ["--sweep", "w=0.1..0.8:0.1"],
            "8, together": ["--sweep", "w=0.1..0.8:0.1", "--together"],
        }.items():
            command = [str(ROOT / "amalgam"), "batch", str(recipe), str(out / "merged"), *options]
            figures = measured(command)
            shutil.rmtree(out / "merged")
            print(f"| `{method}` | {name} | " + " | ".join(f"{figure:.2f}" for figure in figures) + " |")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
