package io.amalgam.cli.lora;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.options.QuietMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.AdapterCost;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.apply.LoraMatch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "inspect",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Shows an adapter's modules, ranks, scales and size.",
            "With --rank, estimates the cost of an adapter from a model's config.json alone."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam lora inspect adapter/",
            "  amalgam lora inspect adapter/ --fleet 100            100 adapters, merged or separate",
            "  amalgam lora inspect model/config.json --rank 8 --targets q,v"
        })
final class LoraInspectCommand extends Subcommand {
    @Parameters(
            index = "0",
            paramLabel = "PATH",
            description = "An adapter; with --rank, a config.json or its directory.")
    private Path path;

    @Option(
            names = "--fleet",
            paramLabel = "N",
            description =
                    "Cost of N such adapters, merged into copies of the base or kept separate.")
    private @Nullable Long fleet;

    @Option(names = "--rank", paramLabel = "R", description = "Rank to estimate the cost of.")
    private @Nullable Integer rank;

    @Option(
            names = "--targets",
            split = ",",
            paramLabel = "NAME",
            description = "Its matrices, from q, k, v, o, gate, up, down. Default: q,k,v,o.")
    private List<String> targets = List.of("q", "k", "v", "o");

    @Option(names = "--modules", description = "List every module.")
    private boolean modules;

    @Mixin private QuietMixin verbosity;
    @Mixin private HubMixin hub;

    LoraInspectCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        if (fleet != null && fleet < 1) {
            throw usage("option '--fleet': expected at least 1, got " + fleet);
        }
        if (rank != null) {
            if (rank < 1) {
                throw usage("option '--rank': expected at least 1, got " + rank);
            }
            return estimateCost(rank);
        }
        ModelLoader formats = hub.loader(console, verbosity.quiet || json);
        try (Adapter adapter = formats.adapter(formats.adapterPlace(path), path.toString())) {
            if (json) {
                Json.print(console, json(adapter));
            } else if (!verbosity.quiet) {
                print(adapter);
            }
        }
        return ExitCode.DONE;
    }

    private static long bytes(Adapter adapter) {
        long sum = 0;
        for (LoraModule module : adapter.modules().values()) {
            sum += module.a().storedBytes() + module.b().storedBytes();
            sum += module.magnitude().map(TensorSource::storedBytes).orElse(0L);
            sum += module.bias().map(TensorSource::storedBytes).orElse(0L);
        }
        sum += adapter.whole().values().stream().mapToLong(TensorSource::storedBytes).sum();
        return sum + adapter.changes().values().stream().mapToLong(TensorSource::storedBytes).sum();
    }

    private static long matrices(Adapter adapter) {
        return adapter.modules().values().stream().mapToLong(m -> m.out() * m.in()).sum();
    }

    private void print(Adapter adapter) {
        Columns columns = new Columns();
        columns.row("adapter", path);
        adapter.config()
                .map(c -> c.path("base_model_name_or_path").asText(""))
                .filter(name -> !name.isEmpty())
                .ifPresent(name -> columns.row("base", name));
        columns.row("modules", adapter.modules().size());
        columns.row("whole tensors", adapter.whole().size());
        if (!adapter.changes().isEmpty()) {
            columns.row("changed tensors", adapter.changes().size());
        }
        columns.row(
                "parameters",
                adapter.parameters() + " (" + Quantity.count(adapter.parameters()) + ")");
        columns.row("size", Quantity.bytes(bytes(adapter)));
        columns.print(console);
        console.print("");
        List<LoraMatch> rows = new ArrayList<>();
        adapter.modules()
                .values()
                .forEach(
                        m ->
                                rows.add(
                                        new LoraMatch(
                                                adapter.name(),
                                                m.name(),
                                                Optional.of(m.out() + " x " + m.in()),
                                                Optional.of(m))));
        Map<String, TensorSource> others = new LinkedHashMap<>(adapter.whole());
        others.putAll(adapter.changes());
        others.forEach(
                (name, tensor) ->
                        rows.add(
                                new LoraMatch(
                                        adapter.name(),
                                        name,
                                        Optional.of(tensor.info().shape().toString()),
                                        Optional.empty())));
        new MatchTable(rows).lines(modules).forEach(console::print);
        fleet().ifPresent(n -> fleet(n, matrices(adapter), adapter.parameters()));
    }

    private Optional<Long> fleet() {
        return Optional.ofNullable(fleet);
    }

    private void fleet(long count, long matrices, long parameters) {
        AdapterCost.Fleet cost = AdapterCost.Fleet.of(count, matrices, parameters);
        console.print("");
        Columns columns = new Columns();
        columns.row(count + " of them", "parameters", "", "at 16 bits");
        columns.row(
                "merged",
                cost.merged(),
                Quantity.count(cost.merged()),
                Quantity.bytes(2.0 * cost.merged()));
        columns.row(
                "apart",
                cost.apart(),
                Quantity.count(cost.apart()),
                Quantity.bytes(2.0 * cost.apart()));
        columns.print(console);
    }

    private int estimateCost(int asked) throws IOException {
        Path file = Files.isDirectory(path) ? path.resolve("config.json") : path;
        if (!Files.isRegularFile(file)) {
            throw new BadInputException(
                    Problem.expected("'" + path + "'", "a config.json", "nothing there")
                            .hint("with --rank, name a model's config.json"));
        }
        AdapterCost.Cost cost;
        try {
            cost =
                    AdapterCost.cost(
                            new ObjectMapper().readValue(file.toFile(), ObjectNode.class),
                            asked,
                            targets);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new BadInputException(
                    Problem.expected("config", "a JSON object", "something else")
                            .at("'" + file + "'"),
                    e);
        }
        if (json) {
            ObjectNode root = Json.object();
            root.put("layers", cost.layers());
            root.put("rank", asked);
            root.put("parameters", cost.parameters());
            root.put("bytes", cost.bytes());
            root.put("matrix_parameters", cost.matrices());
            fleet().ifPresent(n -> fleetJson(root, n, cost.matrices(), cost.parameters()));
            Json.print(console, root);
            return ExitCode.DONE;
        }
        if (verbosity.quiet) {
            return ExitCode.DONE;
        }
        Columns columns = new Columns();
        columns.row("layers", cost.layers());
        columns.row("matrices", String.join(", ", targets) + " of each layer");
        columns.row("rank", asked);
        columns.row(
                "parameters", cost.parameters() + " (" + Quantity.count(cost.parameters()) + ")");
        columns.row("size at 16 bits", Quantity.bytes(cost.bytes()));
        columns.print(console);
        fleet().ifPresent(n -> fleet(n, cost.matrices(), cost.parameters()));
        return ExitCode.DONE;
    }

    private static void fleetJson(ObjectNode root, long count, long matrices, long parameters) {
        AdapterCost.Fleet cost = AdapterCost.Fleet.of(count, matrices, parameters);
        root.putObject("fleet")
                .put("count", count)
                .put("merged_parameters", cost.merged())
                .put("apart_parameters", cost.apart());
    }

    private ObjectNode json(Adapter adapter) {
        ObjectNode root = Json.object();
        root.put("adapter", path.toString());
        root.put("parameters", adapter.parameters());
        root.put("bytes", bytes(adapter));
        ArrayNode array = root.putArray("modules");
        for (LoraModule module : adapter.modules().values()) {
            ObjectNode node = array.addObject();
            node.put("module", module.name());
            node.put("out", module.out());
            node.put("in", module.in());
            node.put("rank", module.rank());
            node.put("scale", module.scale());
            node.put("dora", module.magnitude().isPresent());
            node.put("parameters", module.parameters());
        }
        adapter.whole().keySet().forEach(root.putArray("whole")::add);
        fleet().ifPresent(n -> fleetJson(root, n, matrices(adapter), adapter.parameters()));
        return root;
    }
}
