package io.amalgam.cli.merge;

import io.amalgam.Amalgam;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.options.ByteSize;
import io.amalgam.cli.options.Interruption;
import io.amalgam.internal.formats.gguf.GgufOutput;
import io.amalgam.internal.recipe.RecipeWriter;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.Recipe.QuantisedType;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Writes a model in another format, type or number of files. */
@Command(
        name = "convert",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Converts a model to a folder of safetensors, or to one GGUF file if OUT ends in .gguf.",
            "GGUF files are like those of llama.cpp's own converter, tokenizer included (docs/gguf.md)."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam convert models/chat chat.gguf --type q8_0",
            "  amalgam convert chat.Q4_K_M.gguf chat/ --type bf16       weights and config.json of a GGUF file",
            "  amalgam convert models/old.bin models/new                PyTorch to safetensors",
            "  amalgam convert models/chat chat-2G --out-shard-size 2G"
        })
public final class ConvertCommand extends PlannedMergeCommand {
    private static final Map<String, DType> DENSE =
            Map.of(
                    "f32", DType.F32,
                    "float32", DType.F32,
                    "f16", DType.F16,
                    "float16", DType.F16,
                    "bf16", DType.BF16,
                    "bfloat16", DType.BF16);

    @picocli.CommandLine.Parameters(
            index = "0",
            paramLabel = "MODEL",
            description = "A folder, file or name on the hub.")
    private String model = "";

    @picocli.CommandLine.Parameters(
            index = "1",
            paramLabel = "OUT",
            description = "A new or empty directory, or a file that ends in .gguf.")
    private Path out = Path.of("");

    @Option(
            names = {"--type", "--dtype"},
            paramLabel = "TYPE",
            description =
                    "Type of the weights: f32, f16, bf16; in GGUF also q8_0, q4_0, q4_1, q5_0, q5_1; in a folder also fp8 and others"
                            + " (docs/quantised.md). Default: each tensor's own.")
    private @Nullable String type;

    @Option(
            names = {"--out-shard-size", "--max-shard-size"},
            paramLabel = "SIZE",
            converter = ByteSize.Converter.class,
            description = "Maximum size of a weights file; 0 for one file. Default: 5B.")
    private ByteSize shardSize = new ByteSize(PlanOptions.DEFAULT_SHARD_BYTES);

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "Name of a GGUF model. Default: the name of MODEL.")
    private @Nullable String title;

    @Option(
            names = "--pre",
            paramLabel = "RULE",
            description =
                    "Pre-tokenizer of a GGUF file, by llama.cpp's name. Default: detected from tokenizer.json.")
    private @Nullable String pre;

    @Option(names = "--strict", description = "Warnings are errors.")
    private boolean strict;

    public ConvertCommand(Console console, Interruption interruption) {
        super(console, interruption);
    }

    private boolean gguf() {
        return new GgufOutput().writes(out);
    }

    private Optional<String> type() {
        return Optional.ofNullable(type).map(text -> text.toLowerCase(Locale.ROOT));
    }

    @Override
    protected Optional<String> planningComplaint() {
        List<String> known = new ArrayList<>(List.of("f32", "f16", "bf16"));
        List<String> more = Amalgam.load().formats().outputFor(out).quantisedTypes();
        more.stream().filter(name -> !known.contains(name)).forEach(known::add);
        if (type().isPresent()
                && !known.contains(type().get())
                && !DENSE.containsKey(type().get())) {
            String hint = "";
            if (type().get().matches("i?q\\d.*|tq\\d.*")) {
                hint =
                        gguf()
                                ? "; it needs the search of llama.cpp: write f16 or bf16, and run llama-quantize on it"
                                : "; types of GGUF are written to an output that ends in '.gguf' only";
            }
            return Optional.of(
                    "option '--type': expected one of "
                            + String.join(", ", known)
                            + ", got '"
                            + type
                            + "'"
                            + hint);
        }
        return !gguf() && (title != null || pre != null)
                ? Optional.of("options '--name' and '--pre' are of outputs that end in '.gguf'")
                : Optional.empty();
    }

    @Override
    protected StagedPlan plan() throws IOException {
        Recipe recipe =
                Recipe.ofModels(
                        "passthrough",
                        List.of(ModelEntry.of(ModelRef.of(model), Parameters.EMPTY)),
                        Optional.empty(),
                        Parameters.EMPTY);
        PlanOptions options =
                new PlanOptions(0, shardSize.bytes(), PlanOptions.TensorSet.SAME, strict);
        Optional<DType> dense = type().map(DENSE::get);
        if (dense.isPresent() && !gguf()) {
            recipe = recipe.withTypes(Optional.empty(), dense);
        } else if (type().isPresent()) {
            String stored =
                    dense.map(d -> d.name().toLowerCase(Locale.ROOT)).orElseGet(type()::get);
            options = options.quantised(new QuantisedType(stored, Location.NONE));
        }
        recipe = recipe.withText(RecipeWriter.write(recipe));
        OutputFormat format = loader().outputFor(out);
        if (format instanceof GgufOutput file) {
            GgufOutput titled = file.titled(title == null ? GgufOutput.title(model) : title);
            format = pre == null ? titled : titled.splitting(pre);
        }
        return StagedPlan.of(
                amalgam().writing(format).folders(ModelHeaders.FOLDERS).plan(recipe, options));
    }

    @Override
    protected Path out() {
        return out;
    }
}
