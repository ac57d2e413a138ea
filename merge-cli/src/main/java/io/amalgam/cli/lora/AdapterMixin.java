package io.amalgam.cli.lora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.hub.HubMixin;
import io.amalgam.cli.options.QuietMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.NewAdapter;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options and last steps of the commands that make an adapter. */
final class AdapterMixin {
    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "Output type: bfloat16, float16 or float32. Default: that of the inputs.")
    private @Nullable String dtype;

    @Option(
            names = {"-j", "--num-threads"},
            paramLabel = "N",
            description =
                    "Modules processed in parallel; the result is the same. Default: one per processor.")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(names = "--overwrite", description = "Replace an existing adapter.")
    private boolean overwrite;

    @Option(names = "--strict", description = "Warnings are errors.")
    private boolean strict;

    @Option(names = "--no-report", description = "Do not write amalgam-report.json.")
    private boolean noReport;

    @Mixin private QuietMixin verbosity;
    @Mixin private HubMixin hub;

    /** Refuses wrong values of these options. */
    void checkUsage(Subcommand command) {
        if (threads < 1) {
            throw command.usage("option '--num-threads': expected at least 1, got " + threads);
        }
        type(command);
    }

    /** The type of the output; empty for that of the inputs. */
    Optional<DType> type(Subcommand command) {
        return LoraArguments.dtype(dtype, command);
    }

    boolean hasType() {
        return dtype != null;
    }

    int threads() {
        return threads;
    }

    boolean isQuiet() {
        return verbosity.quiet;
    }

    ModelLoader loader(Console console, boolean json) {
        return hub.loader(console, verbosity.quiet || json);
    }

    /** Refuses an output folder that may not be written to. */
    void checkFolder(Path out, List<String> inputs) throws IOException {
        AdapterOutput.check(out, overwrite, inputs);
    }

    /** Refuses an output file that may not be written to. */
    void checkFile(Path out, List<Checkpoint> inputs) throws IOException {
        AdapterOutput.checkFile(out, overwrite, inputs);
    }

    /** Says warnings, which are errors with {@code --strict}. */
    void warn(Console console, List<Problem> warnings) {
        if (strict && !warnings.isEmpty()) {
            throw new BadInputException(warnings);
        }
        console.warnings(warnings);
    }

    /** Writes an adapter, and what was done as its report. */
    void write(ModelLoader formats, Path out, NewAdapter adapter, ObjectNode result)
            throws IOException {
        Path report = out.resolve(MergeReport.FILE);
        Files.deleteIfExists(report);
        formats.adapterFormat().write(out, adapter);
        if (!noReport) {
            Json.write(report, result);
        }
    }
}
