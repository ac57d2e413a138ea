package io.amalgam;

import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.checkpoint.CheckpointFormat.Match;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.AdapterFormat;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.BiFunction;

/** The formats on the class path, and which of them is used for a path. */
record Formats(
        List<CheckpointFormat> checkpoints,
        List<OutputFormat> outputs,
        List<AdapterFormat> adapters) {
    /** The format of every model that is a directory: Hugging Face's. */
    static final String DIRECTORY = "huggingface";

    Formats {
        checkpoints = List.copyOf(checkpoints);
        outputs = List.copyOf(outputs);
        adapters = List.copyOf(adapters);
    }

    /** Those that {@link ServiceLoader} finds. */
    static Formats load() {
        return new Formats(
                found(CheckpointFormat.class),
                found(OutputFormat.class),
                found(AdapterFormat.class));
    }

    private static <F> List<F> found(Class<F> port) {
        return ServiceLoader.load(port).stream().map(ServiceLoader.Provider::get).toList();
    }

    /**
     * An output format by name.
     *
     * @throws BadInputException if it is not on the class path
     */
    OutputFormat output(String name) {
        return outputs.stream()
                .filter(format -> format.name().equals(name))
                .findFirst()
                .orElseThrow(
                        () ->
                                new BadInputException(
                                        Problem.expected(
                                                        "output format '" + name + "'",
                                                        "one of the formats on the class path",
                                                        outputs.stream()
                                                                .map(OutputFormat::name)
                                                                .toList())
                                                .hint(
                                                        "add the dependency io.amalgam:merge-formats")));
    }

    /** The format that an output's name asks for; a Hugging Face directory if it asks for none. */
    OutputFormat outputFor(Path out) {
        return outputs.stream()
                .filter(format -> format.writes(out))
                .findFirst()
                .orElseGet(() -> output(DIRECTORY))
                .to(out);
    }

    /** The format that takes a path most surely; empty if none does. */
    private static <F> Optional<F> surest(
            List<F> formats, BiFunction<F, Path, Match> match, Path path) {
        return formats.stream()
                .filter(format -> match.apply(format, path) != Match.NONE)
                .max(Comparator.comparing(format -> match.apply(format, path)));
    }

    Optional<CheckpointFormat> of(Path path) {
        return surest(checkpoints, CheckpointFormat::match, path);
    }

    Optional<AdapterFormat> ofAdapter(Path path) {
        return surest(adapters, AdapterFormat::match, path);
    }

    /**
     * The format adapters are written in.
     *
     * @throws BadInputException if no such format is on the class path
     */
    AdapterFormat adapterOutput() {
        return adapters.stream()
                .findFirst()
                .orElseThrow(
                        () ->
                                new BadInputException(
                                        Problem.of("no adapter format is on the class path")
                                                .hint(
                                                        "add the dependency io.amalgam:merge-formats")));
    }
}
