#!/usr/bin/env bash
# Builds the same commit twice, in two folders, and compares what would be published byte by byte.
# Also looks at what is published: each jar with sources and Javadoc, poms that stand alone.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for copy in one another; do
    git clone -q . "$work/$copy"
    (cd "$work/$copy" && ./mvnw -q -B -ntp -Pattachments -Dproject.home=https://example.org/amalgam -Dchecks.skip -Dmaven.test.skip=true package)
    (cd "$work/$copy" && find . \( -name '*.jar' -path './merge-*/target/*' ! -path '*/lib/*' -o -name .flattened-pom.xml \) -print0 | sort -z | xargs -0 sha256sum) >"$work/$copy.sums"
done
diff "$work/one.sums" "$work/another.sums"
cat "$work/one.sums"
echo "reproducible: $(wc -l <"$work/one.sums") jars and poms are the same in both builds"
cd "$work/one"
for module in merge-core merge-formats merge-cli merge-spark; do
    for kind in sources javadoc; do
        ls $module/target/*-$kind.jar >/dev/null
    done
done
for module in . bom merge-core merge-formats merge-cli merge-spark; do
    pom=$module/target/.flattened-pom.xml
    for element in name description url licenses developers scm; do
        grep -q "<$element[ >]" "$pom" || { echo "error: '$pom' has no '$element'" >&2; exit 1; }
    done
    if grep -nE '[$][{]|<parent>' "$pom"; then echo "error: '$pom' does not stand alone" >&2; exit 1; fi
done
echo "published: poms stand alone, sources and Javadoc are there"
