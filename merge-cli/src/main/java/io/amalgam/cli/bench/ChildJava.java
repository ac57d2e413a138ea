package io.amalgam.cli.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * The Java command of a measured process: with the options of this process, and those of the
 * launcher that it lacks. Merges without them are several times slower, so whoever starts the
 * command otherwise ({@code java -jar}, an IDE) would measure something else.
 */
final class ChildJava {
    /** Where the build puts the launcher's files. */
    static final String FOLDER = "/io/amalgam/cli/launcher/";

    private static final String MEMORY = "-Xmx256m";

    private ChildJava() {}

    /** Up to the class path; a main class follows. */
    static List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        List<String> launcher = launcher(Runtime.version().feature());
        command.addAll(options(ManagementFactory.getRuntimeMXBean().getInputArguments(), launcher));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        return command;
    }

    /**
     * @param own options of this process, as Java tells them
     * @param launcher options of the launcher
     * @return those of the launcher that are not among the own, then the own, which win
     */
    static List<String> options(List<String> own, List<String> launcher) {
        Predicate<String> collector = option -> option.matches("-XX:\\+Use\\w*GC");
        List<String> all = new ArrayList<>();
        for (String option : launcher) {
            // Java takes one garbage collector only.
            boolean other = collector.test(option) && own.stream().anyMatch(collector);
            if (!own.contains(option) && !other) {
                all.add(option);
            }
        }
        if (own.stream().noneMatch(option -> option.matches("-Xmx.*|-XX:Max(Heap|RAM).*"))) {
            all.add(MEMORY);
        }
        own.stream().filter(option -> !option.startsWith("-Damalgam.")).forEach(all::add);
        return all;
    }

    /** The launcher's options for a version of Java, spelt as Java tells them. */
    static List<String> launcher(int version) {
        List<String> options = new ArrayList<>(read("java.args"));
        if (version >= 24) {
            options.addAll(read("java24.args"));
        }
        return options;
    }

    private static List<String> read(String file) {
        try (InputStream in = ChildJava.class.getResourceAsStream(FOLDER + file)) {
            if (in == null) {
                // Classes that were not built by Maven.
                return List.of();
            }
            return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))
                    .lines()
                    .map(String::strip)
                    .filter(line -> !line.isEmpty() && !line.startsWith("#"))
                    .map(line -> line.startsWith("--") ? line.replace(' ', '=') : line)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
