package io.amalgam.cli.inspect;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.Amalgam;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.hub.Downloads;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.options.QuietMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.hub.HubHeaders;
import io.amalgam.internal.layers.Inventory;
import io.amalgam.internal.layers.LayerStack;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "inspect",
        sortOptions = false,
        description =
                "Shows a model's tensors, types, layers and size, and the memory it takes to run and to train.",
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam inspect models/llama",
            "  amalgam inspect model.safetensors --tensors",
            "  amalgam inspect models/llama --json"
        })
public final class InspectCommand extends Subcommand {
    @Parameters(
            index = "0",
            paramLabel = "PATH",
            description = "A model directory or a weights file.")
    private Path path;

    @Option(names = "--tensors", description = "List every tensor.")
    private boolean tensors;

    @Mixin private QuietMixin verbosity;
    @Mixin private HubMixin hub;

    public InspectCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        Optional<HubHeaders> headers = hub.headers(console, verbosity.quiet || json);
        ModelLoader formats =
                headers.map(names -> Amalgam.load().with(names)).orElseGet(Amalgam::load).formats();
        try (Checkpoint checkpoint = formats.open(formats.place(path), path.toString())) {
            List<TensorInfo> infos =
                    checkpoint.tensors().values().stream().map(TensorSource::info).toList();
            Inventory inventory = Inventory.of(infos);
            if (Files.exists(path.resolve(OutputLayout.PARTIAL))) {
                console.warnings(
                        List.of(
                                Problem.of(
                                                "'"
                                                        + path
                                                        + "' holds an interrupted merge beside this model")
                                        .hint("repeat it with --resume to finish it")));
            }
            if (json) {
                Json.print(console, json(checkpoint, infos, inventory));
            } else if (!verbosity.quiet) {
                print(checkpoint, infos, inventory);
                List<HubHeaders.Missing> missing =
                        headers.map(HubHeaders::missing).orElse(List.of());
                Downloads.first(missing).lines().forEach(console::print);
            }
        }
        return ExitCode.DONE;
    }

    private void print(Checkpoint checkpoint, List<TensorInfo> infos, Inventory inventory) {
        Columns columns = new Columns();
        columns.row("model", path);
        architecture(checkpoint).ifPresent(name -> columns.row("architecture", name));
        checkpoint
                .quantisation()
                .ifPresent(how -> columns.row("quantised", stored(how, checkpoint)));
        columns.row("files", checkpoint.weightFiles().size());
        columns.row("tensors", infos.size());
        if (!checkpoint.folders().modules().isEmpty()) {
            columns.row("folders", ModelModules.of(checkpoint));
        }
        String parameters = String.valueOf(inventory.parameters());
        String rounded = Quantity.count(inventory.parameters());
        columns.row(
                "parameters",
                parameters.equals(rounded) ? parameters : parameters + " (" + rounded + ")");
        columns.row("size", Quantity.bytes(inventory.bytes()));
        columns.row("layers", layers(inventory));
        columns.row(
                "inference",
                Quantity.bytes(inventory.inferenceBytes()) + " = " + Inventory.INFERENCE);
        columns.row(
                "training", Quantity.bytes(inventory.trainingBytes()) + " = " + Inventory.TRAINING);
        columns.print(console);
        console.print("");
        Columns types = new Columns().row("type", "tensors", "elements", "size");
        for (Inventory.Share share : inventory.shares()) {
            types.row(
                    share.dtype(),
                    share.tensors(),
                    share.elements(),
                    Quantity.bytes(share.bytes()));
        }
        types.print(console);
        if (inventory.parts().size() > 1) {
            console.print("");
            Columns modules = new Columns().row("module", "layers", "tensors", "elements");
            for (Inventory.Part part : inventory.parts()) {
                String layers =
                        part.part()
                                .stack()
                                .map(stack -> stack.count() + " in " + stack.prefix() + "*")
                                .orElse("-");
                modules.row(part.part().name(), layers, part.tensors(), part.elements());
            }
            modules.print(console);
        }
        if (tensors) {
            console.print("");
            Columns list = new Columns().row("tensor", "type", "shape", "size");
            for (TensorInfo info : infos) {
                list.row(info.name(), info.dtype(), info.shape(), Quantity.bytes(info.bytes()));
            }
            list.print(console);
        }
    }

    /**
     * How weights are quantised and what they take; the sizes of tensors are those of dense ones.
     */
    private static String stored(Checkpoint.Quantisation how, Checkpoint checkpoint) {
        return how.name()
                + ", "
                + Quantity.bytes(storedBytes(checkpoint))
                + (how.readable() ? " in files; sizes below are dense" : ", not read");
    }

    private static long storedBytes(Checkpoint checkpoint) {
        return checkpoint.tensors().values().stream().mapToLong(TensorSource::storedBytes).sum();
    }

    private static String layers(Inventory inventory) {
        if (inventory.stacks().isEmpty()) {
            return "none found in the tensors' names";
        }
        String found =
                inventory.stacks().stream()
                        .map(stack -> stack.count() + " in " + stack.prefix() + "*")
                        .collect(Collectors.joining(", "));
        return found + ", " + Quantity.of(inventory.loose(), "tensor") + " outside of layers";
    }

    private static Optional<String> architecture(Checkpoint checkpoint) {
        ModelFacts facts = checkpoint.facts();
        return Stream.of(facts.architecture(), facts.type())
                .filter(name -> !name.isEmpty())
                .findFirst();
    }

    private ObjectNode json(Checkpoint checkpoint, List<TensorInfo> infos, Inventory inventory) {
        ObjectNode root = Json.object();
        root.put("path", path.toString());
        architecture(checkpoint).ifPresent(name -> root.put("architecture", name));
        checkpoint
                .quantisation()
                .ifPresent(
                        how ->
                                root.putObject("quantised")
                                        .put("format", how.name())
                                        .put("read", how.readable())
                                        .put("stored_bytes", storedBytes(checkpoint)));
        ArrayNode files = root.putArray("files");
        checkpoint.weightFiles().forEach(file -> files.add(file.toString()));
        root.put("tensors", infos.size());
        root.put("parameters", inventory.parameters());
        root.put("bytes", inventory.bytes());
        ArrayNode types = root.putArray("dtypes");
        for (Inventory.Share share : inventory.shares()) {
            types.addObject()
                    .put("dtype", share.dtype().name())
                    .put("tensors", share.tensors())
                    .put("elements", share.elements())
                    .put("bytes", share.bytes());
        }
        if (!checkpoint.folders().modules().isEmpty()) {
            ModelModules.put(checkpoint, root.putArray("folders"));
        }
        ArrayNode layers = root.putArray("layers");
        for (LayerStack stack : inventory.stacks()) {
            layers.addObject().put("prefix", stack.prefix()).put("count", stack.count());
        }
        root.put("tensors_outside_layers", inventory.loose());
        ArrayNode modules = root.putArray("modules");
        for (Inventory.Part part : inventory.parts()) {
            ObjectNode module = modules.addObject().put("name", part.part().name());
            part.part().stack().ifPresent(stack -> module.put("prefix", stack.prefix()));
            module.put("layers", part.part().stack().map(LayerStack::count).orElse(0))
                    .put("tensors", part.tensors())
                    .put("elements", part.elements());
        }
        ObjectNode memory = root.putObject("memory");
        memory.put("inference_bytes", inventory.inferenceBytes());
        memory.put("inference_formula", Inventory.INFERENCE);
        memory.put("training_adam_bytes", inventory.trainingBytes());
        memory.put("training_adam_formula", Inventory.TRAINING);
        if (tensors) {
            ArrayNode list = root.putArray("tensor_list");
            infos.forEach(info -> Json.tensor(list.addObject(), info));
        }
        return root;
    }
}
