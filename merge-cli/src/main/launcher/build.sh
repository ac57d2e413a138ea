# Read by the launchers: builds, one process at a time. They have the folders 'home' and 'target' (of the lock and what
# Maven said), 'me', their name, and the functions fail, reason_to_build and build.
(mkdir -p "$target" && [ -w "$target" ]) 2>/dev/null || fail "cannot build: '$target' cannot be written"
lock=$target/build.lock
waiting=
gone=0
# Of all that want to, one can make this file; it names the process that builds.
until (set -C && : >"$lock") 2>/dev/null; do
    builder=
    read -r builder 2>/dev/null <"$lock" || :
    if [ "$builder" ] && kill -0 "$builder" 2>/dev/null; then
        gone=0
        if [ -z "$waiting" ]; then
            waiting=1
            echo "$me: waiting for the build of process $builder; if it is something else, remove '$lock'" >&2
        fi
    else
        gone=$((gone + 1))
        [ "$gone" -le 10 ] || fail "cannot build: '$lock' cannot be made; remove it if it is there, or make room on the disk"
        # It was killed: at once, or before it wrote its number. One of those that see it takes the file away.
        if [ "$builder" ] || [ "$gone" -gt 5 ]; then
            if (set -C && : >"$lock.$builder") 2>/dev/null; then
                rm -f "$lock"
                continue
            fi
        fi
    fi
    sleep 1
done
trap 'rm -f "$lock" "$lock".* "$target/building"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
(echo "$$" >"$lock") 2>/dev/null || fail "cannot build: '$lock' cannot be written; make room on the disk"
# Another may have built it meanwhile.
reason_to_build
if [ -n "$reason" ]; then
    log=$target/build.log
    echo "$me: $reason" >&2
    if ! build >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        fail "the build failed; all it said is in '$log'"
    fi
fi
rm -f "$lock" "$lock".*
trap - EXIT INT TERM HUP
