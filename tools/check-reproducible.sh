#!/usr/bin/env bash
# Builds the same commit twice, in two folders, and compares what would be published byte by byte.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for copy in one another; do
    git clone -q . "$work/$copy"
    (cd "$work/$copy" && ./mvnw -q -B -ntp -Pattachments -Dchecks.skip -Dmaven.test.skip=true package)
    (cd "$work/$copy" && find . -name '*.jar' -path './merge-*/target/*' ! -path '*/lib/*' -print0 | sort -z | xargs -0 sha256sum) >"$work/$copy.sums"
done
diff "$work/one.sums" "$work/another.sums"
cat "$work/one.sums"
echo "reproducible: $(wc -l <"$work/one.sums") jars are the same in both builds"
