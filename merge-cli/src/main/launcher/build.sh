# Read by the launcher: builds the program, one process at a time.
lock=$target/build.lock
waiting=
mkdir -p "$target"
# Of all that want to, one can make this file; it names the process that builds.
until (set -C && echo "$$" >"$lock") 2>/dev/null; do
    [ -w "$target" ] || fail "cannot build: '$target' cannot be written"
    builder=
    read -r builder 2>/dev/null <"$lock" || :
    if [ "$builder" ] && ! kill -0 "$builder" 2>/dev/null; then
        # It was killed; one of those that see it takes the file away.
        if (set -C && : >"$lock.$builder") 2>/dev/null; then rm -f "$lock"; fi
        continue
    fi
    if [ "$builder" ] && [ -z "$waiting" ]; then
        waiting=1
        echo "amalgam: waiting for the build of process $builder" >&2
    fi
    sleep 1
done
trap 'rm -f "$lock" "$lock".* "$target/building"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# Another may have built it meanwhile.
reason_to_build
if [ -n "$reason" ]; then
    log=$target/build.log
    echo "amalgam: $reason" >&2
    : >"$target/building"
    if ! (cd "$home" && ./mvnw -q -ntp -pl merge-cli -am -Dmaven.test.skip=true -Dchecks.skip package) >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        fail "the build failed; all it said is in '$log'"
    fi
    mv "$target/building" "$target/built"
fi
rm -f "$lock" "$lock".*
trap - EXIT INT TERM HUP
