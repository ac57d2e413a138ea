#!/bin/sh
# make-image.sh [OUT]   the command with a Java runtime of its own, for machines without Java
# Needs the archive (make dist) and the JDK of JAVA_HOME or the PATH. The image is for this machine's system.
set -eu
cd "$(dirname "$0")/.."
out=${1:-merge-cli/target/image}
archive=$(ls merge-cli/target/amalgam-*.tar.gz 2>/dev/null | head -n 1)
[ -n "$archive" ] || { echo "error: no archive in merge-cli/target; run 'make dist' first" >&2; exit 1; }
jdk=${JAVA_HOME:-$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")}
[ -x "$jdk/bin/jlink" ] || { echo "error: no jlink in '$jdk'; set JAVA_HOME to a JDK" >&2; exit 1; }
[ ! -e "$out" ] || { echo "error: '$out' is there already; remove it first" >&2; exit 1; }
mkdir -p "$out"
tar -xzf "$archive" -C "$out" --strip-components 1
modules=$("$jdk/bin/jdeps" --multi-release 17 --ignore-missing-deps --print-module-deps -cp "$out/app/lib/*" \
    "$out/app/amalgam.jar" "$out"/app/lib/merge-*.jar)
# Looked up by name at run time: TLS with elliptic curves, zip file systems, locale data.
"$jdk/bin/jlink" --add-modules "$modules,jdk.incubator.vector,jdk.crypto.ec,jdk.zipfs,jdk.localedata,java.net.http" \
    --strip-debug --no-header-files --no-man-pages --output "$out/runtime"
"$out/amalgam" --version
echo "image: $out, $(du -sm "$out" | cut -f 1) MB"
