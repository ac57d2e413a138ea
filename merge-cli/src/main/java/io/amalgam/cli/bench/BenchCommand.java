package io.amalgam.cli.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.options.ByteSize;
import io.amalgam.cli.options.QuietMixin;
import io.amalgam.cli.options.Subcommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "bench",
        sortOptions = false,
        description = {
            "Times merges of synthetic models against a plain copy (the floor).",
            "The floor reads every input byte once and writes the output once. Floor and merges each run in their own process."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam bench                              1.1 billion parameters, five rounds",
            "  amalgam bench --size 100m --rounds 3       quicker",
            "  amalgam bench --methods linear,ties --json",
            "  amalgam bench --decoders                   formats of quantised weights"
        })
public final class BenchCommand extends Subcommand {
    @Option(
            names = "--size",
            paramLabel = "N",
            description = "Parameters of each model, with k, m or b. Default: ${DEFAULT-VALUE}.")
    private String size = "1100m";

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "5",
            description = "Number of rounds; results are medians. Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--methods",
            split = ",",
            paramLabel = "NAME",
            description =
                    "Methods to measure. Default: all but stack and upscale, which make a model of 48 layers from models of 32.")
    private List<String> methods = List.of();

    @Option(
            names = "--models",
            paramLabel = "DIR",
            description =
                    "Folder for the synthetic models. Default: amalgam-bench in the system's temporary folder.")
    private @Nullable Path models;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description =
                    "Folder for outputs, which are deleted. Default: /dev/shm if it exists, else as --models.")
    private @Nullable Path out;

    @Option(
            names = {"-j", "--num-threads"},
            paramLabel = "N",
            description = "Threads of merges and floor. Default: one per processor.")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--no-mergekit",
            description = "Do not run mergekit-yaml for comparison, even if it is on the path.")
    private boolean noMergekit;

    @Option(
            names = "--decoders",
            description =
                    "Measure how long one thread takes to read quantised matrices, instead of merges.")
    private boolean decoders;

    @Mixin private QuietMixin verbosity;

    public BenchCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path made =
                models != null
                        ? models
                        : Path.of(System.getProperty("java.io.tmpdir"), "amalgam-bench");
        Path shared = Path.of("/dev/shm");
        Path written = out != null ? out : Files.isWritable(shared) ? shared : made;
        if (rounds < 1 || threads < 1) {
            throw usage("--rounds and --num-threads: expected at least 1");
        }
        if (decoders) {
            decoders(DecoderBench.run(made.resolve("decoders"), rounds));
            return ExitCode.DONE;
        }
        List<String> known =
                Stream.concat(BenchCase.ALL.stream(), BenchCase.DEEPER.stream())
                        .map(BenchCase::name)
                        .toList();
        for (String method : methods) {
            if (!known.contains(method)) {
                throw usage(
                        "--methods: '"
                                + method
                                + "' is not measured; expected some of "
                                + String.join(", ", known));
            }
        }
        Bench bench =
                new Bench(
                        new Bench.Options(parameters(), rounds, threads, methods, made, written),
                        this::say);
        List<Bench.Result> results = bench.run();
        Map<String, Double> mergekit = noMergekit ? Map.of() : bench.mergekit();
        if (json) {
            Json.print(console, json(bench, results, mergekit));
        } else if (!verbosity.quiet) {
            table(bench, results, mergekit);
        }
        return ExitCode.DONE;
    }

    private void decoders(List<DecoderBench.Row> rows) {
        if (json) {
            ObjectNode root = Json.object();
            ArrayNode array = root.putArray("decoders");
            for (DecoderBench.Row row : rows) {
                array.addObject()
                        .put("format", row.format())
                        .put("scalar_ns", row.scalar())
                        .put("fast_ns", row.fast());
            }
            Json.print(console, root);
            return;
        }
        String kernels = io.amalgam.Amalgam.engine().kernels().name();
        Columns columns = new Columns().row("ns an element", "scalar", kernels, "times bf16");
        for (DecoderBench.Row row : rows) {
            columns.row(
                    row.format(),
                    number(row.scalar()),
                    number(row.fast()),
                    number(row.fast() / rows.get(0).fast()));
        }
        columns.print(console);
    }

    private void say(String line) {
        if (!verbosity.quiet) {
            console.note(line);
        }
    }

    private long parameters() {
        return ByteSize.parse(size)
                .map(ByteSize::bytes)
                .filter(parameters -> parameters >= Bench.smallest())
                .orElseThrow(
                        () ->
                                usage(
                                        "--size: expected a number such as 1100m, at least "
                                                + Bench.smallest() / 1_000_000
                                                + "m, got '"
                                                + size
                                                + "'"));
    }

    private void table(Bench bench, List<Bench.Result> results, Map<String, Double> mergekit) {
        console.print(machine(bench));
        console.print("");
        Columns columns =
                new Columns()
                        .row(
                                "method",
                                "inputs",
                                "floor s",
                                "merge s",
                                "min",
                                "max",
                                "times floor",
                                "goal",
                                "anonymous MB",
                                "mergekit s");
        for (Bench.Result result : results) {
            columns.row(
                    result.measured().name(),
                    Integer.toString(result.measured().inputs()),
                    number(Bench.median(result.floors())),
                    number(Bench.median(result.seconds())),
                    number(result.seconds().stream().mapToDouble(s -> s).min().orElse(0)),
                    number(result.seconds().stream().mapToDouble(s -> s).max().orElse(0)),
                    number(result.ratio()),
                    number(result.measured().goal()),
                    result.anonymousBytes() < 0 ? "" : Long.toString(result.anonymousBytes() >> 20),
                    mergekit.containsKey(result.measured().name())
                            ? number(mergekit.get(result.measured().name()))
                            : "");
        }
        columns.print(console);
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    private String machine(Bench bench) {
        return String.format(
                Locale.ROOT,
                "%d parameters, bfloat16, %d rounds, %d threads of %d processors, Java %s, %s kernels, %s",
                bench.parameters(),
                rounds,
                threads,
                Runtime.getRuntime().availableProcessors(),
                Runtime.version().feature(),
                io.amalgam.Amalgam.engine().kernels().name(),
                processor());
    }

    private static String processor() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
                if (line.startsWith("model name")) {
                    return line.substring(line.indexOf(':') + 1).strip();
                }
            }
        } catch (IOException e) {
            // Not Linux.
            return System.getProperty("os.arch");
        }
        return System.getProperty("os.arch");
    }

    private ObjectNode json(Bench bench, List<Bench.Result> results, Map<String, Double> mergekit) {
        ObjectNode root = Json.object();
        root.put("machine", machine(bench));
        root.put("parameters", bench.parameters());
        ArrayNode array = root.putArray("results");
        for (Bench.Result result : results) {
            ObjectNode node = array.addObject();
            node.put("method", result.measured().name());
            node.put("inputs", result.measured().inputs());
            result.seconds().forEach(node.putArray("seconds")::add);
            result.floors().forEach(node.putArray("floor_seconds")::add);
            node.put("times_floor", result.ratio());
            node.put("goal", result.measured().goal());
            node.put("anonymous_bytes", result.anonymousBytes());
            if (mergekit.containsKey(result.measured().name())) {
                node.put("mergekit_seconds", mergekit.get(result.measured().name()));
            }
        }
        return root;
    }
}
