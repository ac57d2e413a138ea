package io.amalgam.cli.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What was measured, as tables or as JSON. */
final class BenchTables {
    private final Console console;
    private final boolean json;

    BenchTables(Console console, boolean json) {
        this.console = console;
        this.json = json;
    }

    void merges(
            long parameters,
            int rounds,
            int threads,
            List<Bench.Result> results,
            Map<String, Double> mergekit) {
        String machine = machine(parameters, rounds, threads);
        if (json) {
            Json.print(console, json(machine, parameters, results, mergekit));
            return;
        }
        console.print(machine);
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
                                "processor s",
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
                    Double.isNaN(result.processorSeconds())
                            ? ""
                            : number(result.processorSeconds()),
                    result.anonymousBytes() < 0 ? "" : Long.toString(result.anonymousBytes() >> 20),
                    mergekit.containsKey(result.measured().name())
                            ? number(mergekit.get(result.measured().name()))
                            : "");
        }
        columns.print(console);
    }

    void slopes(List<Slope> slopes) {
        if (json) {
            ObjectNode root = Json.object();
            ArrayNode array = root.putArray("slopes");
            for (Slope slope : slopes) {
                ObjectNode node = array.addObject();
                node.put("method", slope.measured().name())
                        .put("inputs", slope.measured().inputs())
                        .put("fixed_seconds", slope.merge().seconds())
                        .put("seconds_per_gb", slope.merge().perGigabyte())
                        .put("floor_fixed_seconds", slope.floor().seconds())
                        .put("floor_seconds_per_gb", slope.floor().perGigabyte())
                        .put("times_floor", slope.timesFloor())
                        .put("goal", slope.measured().slopeGoal());
                ArrayNode sizes = node.putArray("points");
                for (Slope.Point point : slope.points()) {
                    sizes.addObject()
                            .put("output_gb", point.gigabytes())
                            .put("seconds", point.seconds())
                            .put("floor_seconds", point.floorSeconds());
                }
            }
            Json.print(console, root);
            return;
        }
        points(slopes);
        console.print("");
        Columns columns =
                new Columns()
                        .row(
                                "method",
                                "inputs",
                                "start s",
                                "s/GB",
                                "floor start s",
                                "floor s/GB",
                                "times floor",
                                "goal");
        for (Slope slope : slopes) {
            columns.row(
                    slope.measured().name(),
                    Integer.toString(slope.measured().inputs()),
                    number(slope.merge().seconds()),
                    number(slope.merge().perGigabyte()),
                    number(slope.floor().seconds()),
                    number(slope.floor().perGigabyte()),
                    number(slope.timesFloor()),
                    number(slope.measured().slopeGoal()));
        }
        columns.print(console);
    }

    /** What the lines were drawn through. */
    private void points(List<Slope> slopes) {
        Columns columns =
                new Columns().row("method", "output GB", "seconds", "floor s", "times floor");
        for (Slope slope : slopes) {
            for (Slope.Point point : slope.points()) {
                columns.row(
                        slope.measured().name(),
                        number(point.gigabytes()),
                        number(point.seconds()),
                        number(point.floorSeconds()),
                        number(point.seconds() / point.floorSeconds()));
            }
        }
        columns.print(console);
    }

    void decoders(List<DecoderBench.Row> rows) {
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

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.2f", value);
    }

    private static String machine(long parameters, int rounds, int threads) {
        return String.format(
                Locale.ROOT,
                "%d parameters, bfloat16, %d rounds, %d threads of %d processors, Java %s, %s kernels, %s",
                parameters,
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

    private static ObjectNode json(
            String machine,
            long parameters,
            List<Bench.Result> results,
            Map<String, Double> mergekit) {
        ObjectNode root = Json.object();
        root.put("machine", machine);
        root.put("parameters", parameters);
        ArrayNode array = root.putArray("results");
        for (Bench.Result result : results) {
            ObjectNode node = array.addObject();
            node.put("method", result.measured().name());
            node.put("inputs", result.measured().inputs());
            result.seconds().forEach(node.putArray("seconds")::add);
            result.floors().forEach(node.putArray("floor_seconds")::add);
            node.put("times_floor", result.ratio());
            node.put("goal", result.measured().goal());
            node.put("processor_seconds", result.processorSeconds());
            node.put("anonymous_bytes", result.anonymousBytes());
            if (mergekit.containsKey(result.measured().name())) {
                node.put("mergekit_seconds", mergekit.get(result.measured().name()));
            }
        }
        return root;
    }
}
