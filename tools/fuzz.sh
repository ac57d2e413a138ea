#!/usr/bin/env bash
# Searches for inputs that readers fail on. Every @FuzzTest runs for a time, from its seeds on; what it finds is kept
# beside the test's resources and is a seed of the suite from then on.
#
#   tools/fuzz.sh [TIME] [CLASS...]     60s, and all
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-60s}
[ $# -eq 0 ] || shift
if [ $# -gt 0 ]; then targets=("$@"); else
  mapfile -t targets < <(grep -rl --include='*.java' '@FuzzTest' merge-*/src/test | xargs -n1 basename -s .java | sort)
fi
failed=()
for target in "${targets[@]}"; do
  echo "== $target, $time"
  file=$(find merge-*/src/test -name "$target.java")
  method=$(grep -A2 '@FuzzTest' "$file" | grep -oE 'void [A-Za-z]+' | head -1 | cut -d' ' -f2)
  JAZZER_FUZZ=1 JAZZER_MAX_DURATION=$time ./mvnw -q -ntp -pl "${file%%/*}" -am -Dchecks.skip \
    -Dtest.jvm.args=-Djazzer.hooks=true -Dsurefire.failIfNoSpecifiedTests=false -Dtest="$target#$method" test-compile surefire:test \
    || failed+=("$target")
done
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}"; exit 1; }
