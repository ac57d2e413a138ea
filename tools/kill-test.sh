#!/usr/bin/env bash
# What a merge leaves behind when it is killed, when the disk is full and when an input changes under its hands.
#
#   tools/kill-test.sh [DIRECTORY]     where models and outputs go, and are deleted; default: a new temporary one
#
# AMALGAM_KILL_SIZE         parameters of each of the four models (default 200m: about 2 GB of disk in all)
# AMALGAM_KILL_METHOD       the bench's case that is merged (default ties; passthrough only copies)
# AMALGAM_KILLS             how many merges are killed (default 10)
# AMALGAM_OTHER_JAVA_HOME   a second JDK, whose output must be the same
#
# Prints a line for each check and ends with 1 if one failed. Kills only processes it has started.
set -u

home=$(cd "$(dirname "$0")/.." && pwd)
size=${AMALGAM_KILL_SIZE:-200m}
method=${AMALGAM_KILL_METHOD:-ties}
kills=${AMALGAM_KILLS:-10}
work=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/amalgam-kill.XXXXXX") || exit 1
models=$work/models
log=$work/log
child=
mounted=
failures=0

clean_up() {
    [ -z "$child" ] || kill -9 "$child" 2>/dev/null
    [ -z "$mounted" ] || umount "$mounted"
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say() {
    printf '%-34s %-8s %s\n' "$1" "$2" "$3"
    [ "$2" != FAILED ] || failures=$((failures + 1))
}

merge() {
    "$home/amalgam" merge "$@" --quiet >"$log" 2>&1
}

# Starts a merge and leaves its process in $child: the launcher becomes Java.
start() {
    "$home/amalgam" merge "$@" --quiet >"$log" 2>&1 &
    child=$!
}

# Waits for the merge; its exit code is in $code.
finish() {
    wait "$child" 2>/dev/null
    code=$?
    child=
}

# Waits until the merge has begun to write to this directory.
await_writing() {
    while kill -0 "$child" 2>/dev/null && ! ls "$1"/.amalgam-partial/*.part >/dev/null 2>&1; do
        sleep 0.01
    done
}

sha256() {
    if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# One hash over the weights and the index of a directory, by name.
hash_of() {
    (cd "$1" && cat ./*.safetensors $(ls ./*.index.json 2>/dev/null)) | sha256
}

# Readers take a directory for a model if it has one of these; shards without an index are none.
looks_finished() {
    [ -e "$1/model.safetensors" ] || [ -e "$1/model.safetensors.index.json" ]
}

now() {
    perl -MTime::HiRes=time -e 'printf "%.3f", time'
}

message() {
    grep -m 1 '^error:' "$log" | sed "s|$work/||g" || true
}

# same NAME DIRECTORY HASH DETAIL: compares an output with the undisturbed run's.
same() {
    if [ "$(hash_of "$2")" = "$3" ]; then say "$1" ok "$4"; else say "$1" FAILED "other bytes; $4"; fi
}

killed() {
    out=$work/killed-$1
    shards=()
    expected=$whole
    kind="one file"
    if [ $(($1 % 2)) -eq 0 ]; then
        shards=(--out-shard-size 100M)
        expected=$sharded
        kind="shards"
    fi
    rounds=1
    [ $(($1 % 3)) -ne 0 ] || rounds=2
    detail=$kind
    resume=()
    for ((round = 0; round < rounds; round++)); do
        while :; do
            moment=$(awk -v t="$seconds" -v r="$RANDOM" 'BEGIN { printf "%.2f", t * (0.1 + 0.9 * r / 32768) }')
            start "$recipe" "$out" ${shards[@]+"${shards[@]}"} ${resume[@]+"${resume[@]}"}
            sleep "$moment"
            kill -9 "$child" 2>/dev/null
            finish
            [ "$code" -ne 137 ] || break
            # It had ended by itself: that is no kill.
            if [ "$code" -ne 0 ]; then
                say "kill $1" FAILED "exit $code before the kill: $(message)"
                return
            fi
            rm -rf "$out"
            resume=()
            round=0
            detail=$kind
        done
        if looks_finished "$out"; then
            # Between the last move and the end of the process all is there.
            if [ "$(hash_of "$out")" != "$expected" ]; then
                say "kill $1" FAILED "$detail, after $moment s: looks finished and is not"
                return
            fi
            detail="$detail, killed after $moment s (whole by then)"
        else
            done_tensors=$(grep -c '^done\|^copied' "$out/.amalgam-partial/journal" 2>/dev/null)
            detail="$detail, killed after $moment s (${done_tensors:-0} tensors done)"
        fi
        resume=(--resume)
    done
    if [ -d "$out/.amalgam-partial" ] || ! looks_finished "$out"; then
        if ! merge "$recipe" "$out" ${shards[@]+"${shards[@]}"} --resume; then
            say "kill $1" FAILED "$detail; --resume: $(message)"
            return
        fi
    fi
    if [ -e "$out/.amalgam-partial" ]; then
        say "kill $1" FAILED "$detail; .amalgam-partial is left"
    else
        same "kill $1" "$out" "$expected" "$detail"
    fi
    rm -rf "$out"
}

# failed NAME DIRECTORY CODES WORDS: the merge must have failed so, and have left nothing that looks finished.
failed() {
    detail="exit $code; $(message)"
    case " $3 " in
        *" $code "*) ;;
        *) say "$1" FAILED "expected exit $3, got $detail"; return 1 ;;
    esac
    if looks_finished "$2"; then
        say "$1" FAILED "something looks finished; $detail"
    elif ! message | grep -q -- "$4"; then
        say "$1" FAILED "the message lacks '$4'; $detail"
    else
        say "$1" ok "$detail"
    fi
}

disk_full() {
    mnt=$work/small
    mkdir "$mnt"
    bytes=$(wc -c <"$work/whole/model.safetensors")
    if ! mount -t tmpfs -o "size=$((bytes + 32000000))" tmpfs "$mnt" 2>/dev/null; then
        say "disk full" skipped "a small file system cannot be mounted here; run as root"
        return
    fi
    mounted=$mnt
    start "$recipe" "$mnt/out" -j 1
    await_writing "$mnt/out"
    dd if=/dev/zero of="$mnt/filler" bs=1000000 2>/dev/null
    finish
    failed "disk full" "$mnt/out" 1 "no space left"
    rm "$mnt/filler"
    if merge "$recipe" "$mnt/out" --resume; then
        same "disk full, then resumed" "$mnt/out" "$whole" "after space was freed"
    else
        say "disk full, then resumed" FAILED "$(message)"
    fi
    umount "$mnt" && mounted=
}

# changed NAME CODES COMMAND: does something to one input, named $input, while it is merged.
changed() {
    rm -rf "$work/changed" "$work/copy"
    mkdir "$work/copy"
    cp "$models/tuned-1/config.json" "$models/tuned-1/model.safetensors" "$work/copy"
    input=$work/copy/model.safetensors
    sed "s|$models/tuned-1|$work/copy|" "$recipe" >"$work/changed.yml"
    start "$work/changed.yml" "$work/changed" -j 1
    await_writing "$work/changed"
    eval "$3"
    finish
    failed "input $1" "$work/changed" "$2" "copy/model.safetensors"
}

echo "models of $size parameters in $work" >&2
"$home/amalgam" bench --size "$size" --rounds 1 --methods "$method" --no-mergekit --models "$models" --out "$work" >/dev/null 2>"$log" || {
    cat "$log" >&2
    exit 1
}
# Each size of model has a folder of its own.
for base in "$models"/*/base; do
    models=${base%/base}
done
recipe=$models/$method.yml

printf '%-34s %-8s %s\n' check result detail
begin=$(now)
merge "$recipe" "$work/whole" || { cat "$log" >&2; exit 1; }
seconds=$(awk -v a="$begin" -v b="$(now)" 'BEGIN { print b - a }')
whole=$(hash_of "$work/whole")
say "undisturbed" ok "$seconds s, SHA-256 $(printf %.16s "$whole")..."
merge "$recipe" "$work/sharded" --out-shard-size 100M || { cat "$log" >&2; exit 1; }
sharded=$(hash_of "$work/sharded")
rm -rf "$work/sharded"

for ((i = 1; i <= kills; i++)); do killed "$i"; done
disk_full
changed "cut short" "1 3" 'dd if=/dev/null of="$input" bs=1000000 seek=10 2>/dev/null'
changed "overwritten in place" 3 'dd if="$models/base/model.safetensors" of="$input" bs=1000000 conv=notrunc 2>/dev/null'
changed "removed" 3 'rm "$input"'

# identical NAME [ENVIRONMENT...] -- OPTION...
identical() {
    name=$1
    shift
    environment=()
    while [ "$1" != -- ]; do environment+=("$1"); shift; done
    shift
    rm -rf "$work/again"
    if env ${environment[@]+"${environment[@]}"} "$home/amalgam" merge "$recipe" "$work/again" --quiet "$@" >"$log" 2>&1; then
        same "$name" "$work/again" "$whole" "same SHA-256 as undisturbed"
    else
        say "$name" FAILED "$(message)"
    fi
}
identical "one thread" -- -j 1
identical "two threads" -- -j 2
identical "scalar kernels" -- --kernels scalar
if [ -n "${AMALGAM_OTHER_JAVA_HOME:-}" ]; then
    other=$("$AMALGAM_OTHER_JAVA_HOME/bin/java" -version 2>&1 | sed -n 's/.*version "\([^"]*\).*/\1/p')
    identical "Java $other" "JAVA_HOME=$AMALGAM_OTHER_JAVA_HOME" --
else
    say "another JDK" skipped "set AMALGAM_OTHER_JAVA_HOME"
fi

[ "$failures" -eq 0 ] || { echo "$failures failed" >&2; exit 1; }
