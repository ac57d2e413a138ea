#!/usr/bin/env python3
"""What each option of java.args buys (Linux).

Runs merges with all options, then without one of them at a time, round by round, and prints the least
processor seconds (user and system) and wall seconds of each.
Usage: tools/flags.py MODELS OUT [ROUNDS]    (MODELS: `amalgam bench --models DIR`, the folder with base and tuned-1;
OUT: a folder for outputs, which are deleted; build the program first)
"""
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAUNCHER = ROOT / "merge-cli/src/main/launcher"
TARGET = ROOT / "merge-cli/target"
JAVA = pathlib.Path(os.environ["JAVA_HOME"]) / "bin/java" if "JAVA_HOME" in os.environ else "java"
# As java -version writes it, between quotes.
VERSION = subprocess.run([JAVA, "-version"], capture_output=True, text=True, check=True).stderr.split('"')[1]
NEEDED = ("--add-modules", "-XX:CompileCommand=quiet", "-Xlog:disable")
RECIPES = {
    "linear": "merge_method: linear\nmodels:\n  - {{model: {m}/tuned-1, parameters: {{weight: 0.6}}}}\n"
    "  - {{model: {m}/tuned-2, parameters: {{weight: 0.4}}}}\n",
}
for method, parameters in {"ties": "density: 0.5", "sce": "select_topk: 0.1", "della": "density: 0.5, epsilon: 0.1"}.items():
    RECIPES[method] = (
        f"merge_method: {method}\nbase_model: {{m}}/base\nmodels:\n"
        "  - {{model: {m}/tuned-1, parameters: {{weight: 0.6}}}}\n  - {{model: {m}/tuned-2, parameters: {{weight: 0.4}}}}\n"
        f"parameters: {{{{{parameters}}}}}\n"
    )


def options():
    lines = [line.strip() for line in (LAUNCHER / "java.args").read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def measured(args, recipe, out):
    shutil.rmtree(out, ignore_errors=True)
    archive = sorted(TARGET.glob(f"amalgam-{VERSION}*.jsa"), key=lambda file: file.stat().st_mtime)[-1:]
    command = [JAVA, *[f"-XX:SharedArchiveFile={file}" for file in archive], *" ".join(args).split(), "-Xmx256m"]
    command += ["-cp", TARGET / "amalgam.jar", "io.amalgam.cli.Main", "merge", recipe, out, "--quiet"]
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.time()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.time() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    shutil.rmtree(out, ignore_errors=True)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def main(models, out, rounds):
    out.mkdir(parents=True, exist_ok=True)
    every = options()
    # Options of one kind work together: the five thresholds of the thorough compiler are one.
    tier4 = [option for option in every if option.startswith("-XX:Tier4")]
    variants = {"all options": every, "without -XX:Tier4...": [o for o in every if o not in tier4]}
    for option in every:
        if not option.startswith(NEEDED + ("-XX:Tier4",)):
            variants[f"without {option}"] = [other for other in every if other != option]
    variants["none of them"] = ["--add-modules jdk.incubator.vector"]
    least = {}
    for _ in range(rounds):
        for name, args in variants.items():
            for method, text in RECIPES.items():
                recipe = out / f"{method}.yml"
                recipe.write_text(text.format(m=models))
                now = measured(args, recipe, out / "merged")
                old = least.get((name, method), now)
                least[name, method] = tuple(map(min, old, now))
    print("| options | " + " | ".join(RECIPES) + " |\n|---|" + "---|" * len(RECIPES))
    for name in variants:
        cells = (f"{least[name, m][0]:.2f} ({least[name, m][1]:.2f})" for m in RECIPES)
        print(f"| `{name}` | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve(), int((sys.argv[3:] or ["3"])[0]))
