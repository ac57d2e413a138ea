#!/bin/sh
# Times merges of models on a disk with an empty page cache, written through to the disk, beside
# the floor: two threads that read and write the same bytes. Needs root, to empty the cache.
#
#   amalgam bench --rounds 1 --methods ties --no-mergekit --models MODELS     makes the models
#   tools/cold-disk.sh MODELS/22x2048 OUT [ROUNDS]                            after make
#
# OUT is created, on the disk of the models, and removed.
set -eu
models=$1 out=$2 rounds=${3:-5}
here=$(cd "$(dirname "$0")/.." && pwd)
[ ! -e "$out" ] || { echo "$out exists"; exit 2; }

# timed LABEL COMMAND...: with an empty cache and an empty OUT
timed() {
    label=$1
    shift
    rm -rf "$out"
    mkdir -p "$out"
    sync
    echo 1 > /proc/sys/vm/drop_caches
    begin=$(date +%s%N)
    "$@"
    sync
    echo "$label $((($(date +%s%N) - begin) / 1000000)) ms"
}

for round in $(seq "$rounds"); do
    for method in linear ties; do
        inputs="$models/tuned-1/model.safetensors $models/tuned-2/model.safetensors"
        [ $method = linear ] || inputs="$models/base/model.safetensors $inputs $models/tuned-3/model.safetensors"
        # shellcheck disable=SC2086
        timed "$round $method floor" java -XX:+UseSerialGC -cp "$here/merge-cli/target/classes" \
            io.amalgam.cli.bench.Floor 2 "$out/floor" 0 $inputs
        timed "$round $method merge" "$here/amalgam" merge --quiet "$models/$method.yml" "$out"
    done
done
rm -rf "$out"
