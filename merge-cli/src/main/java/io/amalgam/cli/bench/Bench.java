package io.amalgam.cli.bench;

import io.amalgam.Amalgam;
import io.amalgam.checkpoint.OutputFormat;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Times merges of synthetic models against a plain copy (the floor). Every measurement is a process
 * of its own, from start to end; floor and merges take turns, round by round, so that a change in
 * the machine's speed meets them alike. Inputs are read once beforehand, so that they are in the
 * page cache.
 */
public final class Bench {
    private static final String[] MODELS = {"base", "tuned-1", "tuned-2", "tuned-3"};
    private static final int BUFFER = 1 << 20;

    private final Options options;
    private final Consumer<String> progress;
    private final Path work;
    private final List<BenchCase> cases;
    private final SyntheticModel.Size size;
    private final SyntheticModel.Size deep;

    /**
     * @param parameters of each model, about
     * @param rounds how often everything is measured
     * @param threads of the merges and the floor
     * @param cases what is measured
     * @param models folder the models are made in, and kept, a folder for each size
     * @param output folder merges are written to, and deleted
     */
    public record Options(
            long parameters,
            int rounds,
            int threads,
            List<BenchCase> cases,
            Path models,
            Path output) {
        public Options {
            cases = List.copyOf(cases);
        }
    }

    /**
     * One case's figures, a value for each round.
     *
     * @param floors seconds of the floor in the same rounds
     * @param processorSeconds the median of what all threads took together
     */
    public record Result(
            BenchCase measured,
            List<Double> seconds,
            List<Double> floors,
            double processorSeconds,
            long anonymousBytes) {
        /** The median over rounds of time by floor. */
        public double ratio() {
            List<Double> ratios = new ArrayList<>();
            for (int i = 0; i < seconds.size(); i++) {
                ratios.add(seconds.get(i) / floors.get(i));
            }
            return median(ratios);
        }
    }

    /** The fewest parameters that make a model. */
    public static long smallest() {
        return SyntheticModel.SMALLEST;
    }

    public Bench(Options options, Consumer<String> progress) {
        this.options = options;
        this.progress = progress;
        this.work = options.output().resolve("amalgam-bench");
        this.cases = options.cases();
        this.size = SyntheticModel.Size.of(options.parameters());
        this.deep = SyntheticModel.Size.deep(options.parameters());
    }

    /** Parameters of each model as made, those of the first case where they differ. */
    public long parameters() {
        return size(cases.get(0)).parameters();
    }

    /** Bytes of the output of a case that does not stack layers. */
    public long outputBytes() {
        return 2 * size.parameters();
    }

    private SyntheticModel.Size size(BenchCase measured) {
        return measured.deeper() ? deep : size;
    }

    private Path folder(BenchCase measured) {
        SyntheticModel.Size of = size(measured);
        return options.models().resolve(of.layers() + "x" + of.hidden());
    }

    /** Makes what the cases read, and reads it once; what is there already stays. */
    private void make() throws IOException {
        OutputFormat format = Amalgam.load().output();
        Set<Path> made = new HashSet<>();
        for (BenchCase measured : cases) {
            for (int i = 0; i < measured.models(); i++) {
                Path model = folder(measured).resolve(MODELS[i]);
                if (made.add(model)) {
                    progress.accept("model " + MODELS[i] + " in " + folder(measured));
                    SyntheticModel.write(model, size(measured), i, format);
                    readThrough(weights(measured, MODELS[i]));
                }
            }
            if (measured.ofAdapter() && made.add(adapter(measured))) {
                progress.accept("adapter in " + folder(measured));
                SyntheticAdapter.write(adapter(measured), size(measured), format);
                readThrough(SyntheticAdapter.file(adapter(measured)));
            }
        }
    }

    /** Makes the models, measures, cleans up. */
    public List<Result> run() throws IOException, InterruptedException {
        make();
        Map<String, BenchCase> byFloor = new TreeMap<>();
        cases.forEach(c -> byFloor.putIfAbsent(c.floor(), c));
        Map<String, List<ChildRun>> runs = new LinkedHashMap<>();
        Map<String, List<Double>> floors = new LinkedHashMap<>();
        try {
            for (int round = 0; round < options.rounds(); round++) {
                for (BenchCase floor : byFloor.values()) {
                    double seconds = measure(floorCommand(floor), floor).seconds();
                    floors.computeIfAbsent(floor.floor(), unused -> new ArrayList<>()).add(seconds);
                    say(round, "floor of " + floor.floor(), seconds);
                }
                for (BenchCase measured : cases) {
                    ChildRun run = measure(mergeCommand(measured), measured);
                    runs.computeIfAbsent(measured.name(), unused -> new ArrayList<>()).add(run);
                    say(round, measured.name(), run.seconds());
                }
            }
        } finally {
            delete(work);
        }
        return cases.stream()
                .map(
                        c ->
                                result(
                                        c,
                                        runs.getOrDefault(c.name(), List.of()),
                                        floors.getOrDefault(c.floor(), List.of())))
                .toList();
    }

    /** Runs mergekit on the same recipes, once each, where it is on the path; seconds by case. */
    public Map<String, Double> mergekit() throws IOException, InterruptedException {
        Map<String, Double> seconds = new LinkedHashMap<>();
        Optional<Path> program = onPath("mergekit-yaml");
        if (program.isEmpty()) {
            return seconds;
        }
        try {
            for (BenchCase measured : cases) {
                if (measured.ofAdapter()) {
                    continue;
                }
                List<String> command =
                        List.of(
                                program.get().toString(),
                                recipe(measured).toString(),
                                work.resolve("merged").toString(),
                                "--quiet");
                double taken = measure(command, measured).seconds();
                seconds.put(measured.name(), taken);
                progress.accept(String.format("mergekit: %s %.2f s", measured.name(), taken));
            }
        } finally {
            delete(work);
        }
        return seconds;
    }

    private void say(int round, String what, double seconds) {
        progress.accept(
                String.format(
                        "round %d of %d: %s %.2f s", round + 1, options.rounds(), what, seconds));
    }

    private static Result result(BenchCase measured, List<ChildRun> runs, List<Double> floors) {
        return new Result(
                measured,
                runs.stream().map(ChildRun::seconds).toList(),
                List.copyOf(floors),
                runs.isEmpty()
                        ? Double.NaN
                        : median(runs.stream().map(ChildRun::processorSeconds).toList()),
                runs.stream().mapToLong(ChildRun::anonymousBytes).max().orElse(-1));
    }

    private ChildRun measure(List<String> command, BenchCase measured)
            throws IOException, InterruptedException {
        delete(work);
        Files.createDirectories(work);
        settle(measured.deeper() ? deep.deeperBytes() : Files.size(weights(measured, MODELS[0])));
        return ChildRun.of(command);
    }

    /**
     * Writes and deletes a file as large as an output: virtual machines give back memory that lies
     * idle, and whoever writes first would pay for fetching it again.
     */
    private void settle(long size) throws IOException {
        Path file = work.resolve("settle");
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (long at = 0; at < size; at += BUFFER) {
                buffer.clear();
                channel.write(buffer, at);
            }
        }
        Files.delete(file);
    }

    private Path weights(BenchCase measured, String model) {
        return folder(measured).resolve(model).resolve("model.safetensors");
    }

    private List<String> floorCommand(BenchCase measured) {
        List<String> command = new ArrayList<>(ChildJava.command());
        command.add(Floor.class.getName());
        command.add(Integer.toString(options.threads()));
        command.add(work.resolve("floor").toString());
        command.add(Long.toString(measured.deeper() ? deep.deeperBytes() : 0));
        inputs(measured).forEach(input -> command.add(input.toString()));
        return command;
    }

    /** Files that are read, the largest last: as many models as the case reads, all of one size. */
    private List<Path> inputs(BenchCase measured) {
        if (measured.ofAdapter()) {
            return List.of(SyntheticAdapter.file(adapter(measured)), weights(measured, MODELS[0]));
        }
        return Arrays.stream(MODELS, 0, measured.inputs())
                .map(model -> weights(measured, model))
                .toList();
    }

    private Path adapter(BenchCase measured) {
        return folder(measured).resolve("adapter");
    }

    private List<String> mergeCommand(BenchCase measured) throws IOException {
        List<String> command = new ArrayList<>(ChildJava.command());
        command.add("io.amalgam.cli.Main");
        if (measured.ofAdapter()) {
            command.addAll(
                    List.of("lora", "merge", folder(measured).resolve(MODELS[0]).toString()));
            command.add(adapter(measured).toString());
        } else {
            command.addAll(List.of("merge", recipe(measured).toString()));
        }
        command.add(work.resolve("merged").toString());
        command.addAll(List.of("--quiet", "-j", Integer.toString(options.threads())));
        return command;
    }

    private Path recipe(BenchCase measured) throws IOException {
        Path folder = folder(measured);
        return Files.writeString(
                folder.resolve(measured.name() + ".yml"),
                measured.recipe(folder.toAbsolutePath().toString(), size(measured).layers()),
                StandardCharsets.UTF_8);
    }

    private static Optional<Path> onPath(String program) {
        String path = System.getenv().getOrDefault("PATH", "");
        return Arrays.stream(path.split(java.io.File.pathSeparator))
                .filter(folder -> !folder.isEmpty())
                .map(folder -> Path.of(folder, program))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static void readThrough(Path file) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
        try (FileChannel channel = FileChannel.open(file)) {
            while (channel.read(buffer.clear()) >= 0) {
                continue;
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        Files.walkFileTree(
                folder,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                            throws IOException {
                        Files.delete(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path visited, IOException failure)
                            throws IOException {
                        Files.delete(visited);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    /** The middle value; the mean of the two middle ones of an even number. */
    public static double median(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1
                ? sorted.get(middle)
                : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
