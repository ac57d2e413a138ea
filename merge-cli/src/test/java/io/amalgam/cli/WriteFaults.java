package io.amalgam.cli;

import io.amalgam.cli.console.ExitCode;
import io.amalgam.faults.Faults;
import io.amalgam.internal.io.FileWrites;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * A process whose files fail to be written: for each n, the n-th operation of a command. What is
 * wrong then is a line on standard output: the command's name, a tab, and what.
 */
final class WriteFaults {
    private static final int MOST = 2000;

    private final Path folder;
    private final FaultyCommand command;
    private final int every;
    private Map<String, byte[]> earlier = Map.of();
    private Map<String, byte[]> expected = Map.of();

    private WriteFaults(Path folder, FaultyCommand command, int every) {
        this.folder = folder;
        this.command = command;
        this.every = command.name().equals("merge") ? 1 : every;
    }

    /**
     * @param args a folder that is there and empty; of how many operations one fails, for all
     *     commands but {@code merge}
     */
    public static void main(String[] args) throws IOException {
        Path folder = Path.of(args[0]).toRealPath();
        int every = Integer.parseInt(args[1]);
        try (TinyHub hub = new TinyHub()) {
            for (FaultyCommand command : FaultyCommand.all(folder, hub)) {
                new WriteFaults(folder, command, every).run();
            }
        }
    }

    private void run() throws IOException {
        Path place = folder.resolve("place");
        Faults.set(place, Faults.Kind.ONCE, 0);
        prepare(place);
        earlier = files(place);
        Cli whole = run(place, command.words(place, false));
        if (whole.exit() != 0) {
            tell("without faults", whole.err());
            return;
        }
        expected = files(place);
        for (Faults.Kind kind : Faults.Kind.values()) {
            // Each kind begins elsewhere, so that together they meet more.
            int first = 1 + kind.ordinal() % every;
            int n = first;
            while (n <= MOST && fails(place, kind, n)) {
                n += every;
            }
            System.out.println(command.name() + "\tcount " + Math.max(0, n - every));
        }
    }

    private void prepare(Path place) throws IOException {
        FileWrites.deleteTree(place);
        if (!command.before().isEmpty()) {
            run(place, command.before(place));
        }
    }

    /** Whether there are so many operations. */
    private boolean fails(Path place, Faults.Kind kind, int n) throws IOException {
        prepare(place);
        Faults.set(place, kind, n);
        Cli run = run(place, command.words(place, false));
        Optional<String> failed = Faults.failed();
        Faults.set(place, kind, 0);
        if (failed.isEmpty()) {
            return false;
        }
        String what = kind + " " + n + ", " + failed.get();
        if (run.exit() == 0) {
            // What a reader need not have, such as the durability of a folder's entries.
            whole(what + ", exit 0", files(place));
            return true;
        }
        // A batch whose list cannot be written either says so, too.
        int most = command.name().equals("batch") ? 2 : 1;
        if (run.exit() != 1 || run.errors().isEmpty() || run.errors().size() > most) {
            tell(what, "exit " + run.exit() + ": " + run.err());
        }
        for (String error : run.errors()) {
            if (!error.contains("'" + place) || error.matches(".*(unexpected|\\.tmp').*")) {
                tell(what, "names no file: " + error);
            }
        }
        half(what, files(place));
        if (command.isCache()) {
            offline(what, place);
        }
        if (run.err().contains("the merge is complete")) {
            return true;
        }
        Cli again = run(place, command.words(place, true));
        if (again.exit() == ExitCode.BAD_INPUT && again.err().contains("--overwrite")) {
            // Nothing had begun that could be continued.
            again = run(place, command.words(place, false));
        }
        if (again.exit() == 0) {
            whole(what + ", again", files(place));
        } else {
            tell(what, "again: exit " + again.exit() + ": " + again.err());
        }
        return true;
    }

    private Cli run(Path place, List<String> words) {
        return command.run(place, words, Map.of());
    }

    /** What a cache without the hub takes for a model is the model. */
    private void offline(String what, Path place) throws IOException {
        Map<String, byte[]> found = files(place);
        Cli alone = command.run(place, command.words(place, false), Map.of("HF_HUB_OFFLINE", "1"));
        command.wholes()
                .forEach(
                        (last, prefix) -> {
                            if (alone.exit() == 0 && !contains(found, expected, prefix)) {
                                tell(what, "a part is used offline, with " + found.keySet());
                            }
                        });
    }

    /** What a command has written that says it succeeded. */
    private void whole(String what, Map<String, byte[]> found) {
        found.forEach(
                (name, content) -> {
                    if (!expected.containsKey(name)) {
                        tell(what, name + " is left");
                    } else if (!Arrays.equals(content, expected.get(name))) {
                        tell(what, name + " has other content");
                    }
                });
        expected.keySet().stream()
                .filter(name -> !found.containsKey(name))
                .forEach(name -> tell(what, name + " is missing"));
    }

    /** What a command that failed has left: whole files, and no whole output but the right one. */
    private void half(String what, Map<String, byte[]> found) {
        found.forEach(
                (name, content) -> {
                    if (!isHidden(name)
                            && !Arrays.equals(content, expected.get(name))
                            && !Arrays.equals(content, earlier.get(name))) {
                        tell(what, name + " is none of a whole output");
                    }
                });
        if (contains(found, earlier, "out/")) {
            return;
        }
        command.wholes()
                .forEach(
                        (last, prefix) -> {
                            if (found.containsKey(last) && !contains(found, expected, prefix)) {
                                tell(what, "a model looks whole, with " + found.keySet());
                            }
                        });
    }

    /** Whether all files of a model are there, but perhaps for the report on it. */
    private static boolean contains(
            Map<String, byte[]> found, Map<String, byte[]> files, String prefix) {
        return !files.isEmpty()
                && files.entrySet().stream()
                        .filter(file -> file.getKey().startsWith(prefix))
                        .filter(file -> !file.getKey().endsWith("report.json"))
                        .allMatch(file -> Arrays.equals(file.getValue(), found.get(file.getKey())));
    }

    /** What no reader looks at. */
    private static boolean isHidden(String name) {
        return name.startsWith(".")
                || name.contains("/.")
                || name.startsWith("out.amalgam-")
                || name.startsWith("out.gguf.amalgam-partial/")
                || name.endsWith(".incomplete");
    }

    private void tell(String what, String wrong) {
        System.out.println(
                command.name() + "\t" + what + ": " + wrong.strip().replace("\n", " | "));
    }

    /** All files by their paths in the folder; reports without what is of one run. */
    private static Map<String, byte[]> files(Path place) throws IOException {
        Map<String, byte[]> found = new TreeMap<>();
        if (!Files.exists(place)) {
            return found;
        }
        try (Stream<Path> all = Files.walk(place)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                String name = place.relativize(file).toString();
                found.put(name, FaultyCommand.comparable(name, Files.readAllBytes(file)));
            }
        }
        return found;
    }
}
