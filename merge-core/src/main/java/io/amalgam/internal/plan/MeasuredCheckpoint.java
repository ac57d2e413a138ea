package io.amalgam.internal.plan;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.ForwardingCheckpoint;
import io.amalgam.recipe.ModelRef;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A model with a file of statistics: tensors {@code <tensor>.<statistic>}, and names of such
 * tensors that are stored once under another (metadata {@code alias}); docs/statistics.md.
 */
final class MeasuredCheckpoint extends ForwardingCheckpoint {
    private static final String VERSION = "amalgam_statistics";
    private static final String ALIAS = "alias";
    private static final Set<String> KINDS =
            Set.of("fisher", "input_gram", "output_gram", "activation", "input");

    private final Checkpoint file;
    private final ModelRef ref;
    private final Map<String, TensorSource> statistics;
    private final List<Problem> warnings;

    /**
     * @throws BadInputException if the file has no statistics, not of this model, or in a type that
     *     is too coarse
     */
    MeasuredCheckpoint(Checkpoint model, Checkpoint file, ModelRef of, ModelRef ref) {
        super(model);
        this.file = file;
        this.ref = ref;
        String version = file.metadata().get(VERSION);
        if (!"1".equals(version)) {
            throw wrong(
                    "'" + VERSION + "': '1' in its metadata",
                    version == null ? "none" : "'" + version + "'",
                    "write it as docs/statistics.md says");
        }
        this.statistics = new LinkedHashMap<>(file.tensors());
        aliases().forEach((name, stored) -> statistics.put(name, stored(name, stored)));
        this.warnings = new ArrayList<>(model.warnings());
        statistics.forEach(this::checkType);
        List<String> unknown =
                file.tensors().keySet().stream()
                        .filter(name -> !KINDS.contains(kind(name)))
                        .toList();
        if (!unknown.isEmpty()) {
            warnings.add(
                    Problem.of(
                                    "%d tensor%s of statistics '%s' %s no statistic, '%s' the first"
                                            .formatted(
                                                    unknown.size(),
                                                    unknown.size() == 1 ? "" : "s",
                                                    ref,
                                                    unknown.size() == 1 ? "is" : "are",
                                                    unknown.get(0)))
                            .at(ref.location())
                            .hint(
                                    "known are "
                                            + String.join(", ", KINDS.stream().sorted().toList())));
        }
        if (statistics.keySet().stream().noneMatch(name -> isOf(model, name))) {
            throw wrong(
                    "statistics of tensors of '" + of + "'",
                    statistics.isEmpty()
                            ? "no tensors"
                            : "'" + statistics.keySet().iterator().next() + "' and others",
                    "the statistics are another model's: compute them from this one");
        }
    }

    private static boolean isOf(Checkpoint model, String statistic) {
        int dot = statistic.lastIndexOf('.');
        return dot > 0 && model.tensors().containsKey(statistic.substring(0, dot));
    }

    private static String kind(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private BadInputException wrong(String expected, String found, String hint) {
        return new BadInputException(
                Problem.expected("statistics '" + ref + "'", expected, found)
                        .at(ref.location())
                        .hint(hint));
    }

    private Map<String, String> aliases() {
        String json = file.metadata().getOrDefault(ALIAS, "{}");
        try {
            return new ObjectMapper().readValue(json, new TypeReference<Map<String, String>>() {});
        } catch (JsonProcessingException e) {
            throw wrong(
                    "'alias' in its metadata as a JSON object of names",
                    "other text",
                    "write {\"name\": \"name of a stored tensor\"}");
        }
    }

    private TensorSource stored(String name, String stored) {
        TensorSource tensor = file.tensors().get(stored);
        if (tensor == null || file.tensors().containsKey(name)) {
            throw wrong(
                    "alias '" + name + "' for a stored tensor",
                    tensor == null ? "'" + stored + "', which is not there" : "a stored one too",
                    "write it as docs/statistics.md says");
        }
        return tensor;
    }

    /** Products of inputs lose what tells directions apart in 16 bits. */
    private void checkType(String name, TensorSource tensor) {
        DType type = tensor.info().dtype();
        if (kind(name).endsWith("_gram") && type != DType.F32 && type != DType.F64) {
            throw wrong(
                    "Gram matrices in F32 or F64",
                    "'" + name + "' in " + type,
                    "compute and store them in F32");
        }
    }

    @Override
    public Map<String, ? extends TensorSource> statistics() {
        return statistics;
    }

    @Override
    public List<Problem> warnings() {
        return List.copyOf(warnings);
    }

    @Override
    public List<Path> weightFiles() {
        return both(model().weightFiles(), file.weightFiles());
    }

    @Override
    public List<Path> origins() {
        return both(model().origins(), file.origins());
    }

    @Override
    public void close() throws IOException {
        try {
            file.close();
        } finally {
            super.close();
        }
    }
}
