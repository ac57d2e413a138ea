# Read by the launcher: makes the archive of classes. First the list of classes that a run loads, then the archive:
# unlike one made at exit it takes in old class files, picocli's. The program runs without it too: nothing here is an error.
making=$archive.$$
trap 'rm -f "$making" "$making.classes"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# Without what Java would read in variables: the archive is for all starts.
prepare() {
    JDK_JAVA_OPTIONS='' JAVA_TOOL_OPTIONS='' _JAVA_OPTIONS='' "$java" "$@" "@$launcher/java.args" ${newer:+"$newer"} -Xmx256m -cp "$target/amalgam.jar" \
        io.amalgam.cli.Main warm-up >/dev/null 2>&1 </dev/null || :
}
echo "amalgam: preparing quicker starts with Java ${full:-$version}; this is done once" >&2
prepare "-XX:DumpLoadedClassList=$making.classes"
prepare -Xshare:dump "-XX:SharedClassListFile=$making.classes" "-XX:SharedArchiveFile=$making"
{ [ -f "$making" ] || : >"$making"; } 2>/dev/null && mv -f "$making" "$archive" 2>/dev/null || :
rm -f "$making" "$making.classes"
trap - EXIT INT TERM HUP
