package io.amalgam.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.error.Problem;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Recipe;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A complete merge plan, made before any tensor data is read: one task per output tensor, and the
 * position of every output byte. Owns the open models; closing it closes them. Immutable and
 * thread-safe.
 *
 * @param tasks in the order of the layout's placements, of which a quantised task has several
 * @param donor of the output's configuration and side files
 * @param sideFiles files copied from the donor or the tokenizer's model
 * @param madeFiles files written instead of such copies: an edited tokenizer
 * @param vocabulary the tokens, if the recipe has a tokenizer section
 * @param renamings of tensors that a model names differently from the output
 * @param preparations work before the first tensor is combined, in order
 * @param warnings problems that do not stop the merge
 * @param hash hexadecimal SHA-256 of everything that determines the output's bytes, except the
 *     contents of the inputs: plans with equal hashes write the same files from the same models
 */
public record MergePlan(
        Recipe recipe,
        List<TensorTask> tasks,
        Map<ModelRef, Checkpoint> models,
        Checkpoint donor,
        OutputFormat format,
        OutputLayout layout,
        ConfigChanges configChanges,
        List<SideFile> sideFiles,
        List<OutputLayout.SmallFile> madeFiles,
        Optional<VocabularySummary> vocabulary,
        List<Renaming> renamings,
        List<Preparation> preparations,
        List<Problem> warnings,
        PlanOptions options,
        String hash)
        implements Closeable {
    /**
     * The plans of a recipe file: those of its named documents, each after those it uses, and the
     * plan of the document without a name. Holds the opened models; closing it closes them.
     */
    public interface OfRecipe extends Closeable {
        /** The named documents, in the order they run. */
        List<Step> steps();

        /** The plan of the document without a name; empty where all are named. */
        Optional<MergePlan> result();

        /** What looks wrong in any of the documents but does not stop the merge. */
        List<Problem> warnings();
    }

    /**
     * A named document of a recipe file.
     *
     * @param uses names of the documents whose results are its models
     */
    public record Step(String name, Use use, MergePlan plan, List<String> uses) {
        public Step {
            uses = List.copyOf(uses);
        }
    }

    /** What becomes of the result of a named document. */
    public enum Use {
        /** It is computed, block by block, while the one merge that uses it reads it. */
        READ_THROUGH,
        /** It is written to a folder and read from there. */
        WRITTEN,
        /** Nothing uses it and it is not kept: it is not computed. */
        UNUSED
    }

    public MergePlan {
        tasks = List.copyOf(tasks);
        sideFiles = List.copyOf(sideFiles);
        madeFiles = List.copyOf(madeFiles);
        renamings = List.copyOf(renamings);
        preparations = List.copyOf(preparations);
        warnings = List.copyOf(warnings);
    }

    /**
     * The tokens of a merged model.
     *
     * @param start the model whose tokenizer is the basis of the output's
     * @param tokens of the output
     * @param rows of its embeddings
     * @param appended tokens that {@code start} lacks
     * @param removed tokens of {@code start} without rows in its embedding
     * @param tensors inputs whose rows are read through an index
     * @param bytesHeld memory of indices and tokenizer files during the merge
     */
    public record VocabularySummary(
            ModelRef start,
            int tokens,
            int rows,
            int appended,
            int removed,
            int tensors,
            long bytesHeld) {}

    /** Number of parameters of the model, without integer tensors and server state. */
    public long parameters() {
        return modelTasks().stream().mapToLong(task -> task.output().parameters()).sum();
    }

    /** Tensor bytes read by the preparations and one pass over all inputs. */
    public long inputBytes() {
        return tasks.stream().mapToLong(TensorTask::inputBytes).sum()
                + preparations.stream().mapToLong(Preparation::inputBytes).sum();
    }

    /** Bytes held to read the models, in addition to buffers: factors of adapters. */
    public long sharedModelBytes() {
        return models.values().stream().mapToLong(Checkpoint::sharedBytes).sum();
    }

    /** Tensor bytes written. */
    public long outputBytes() {
        return tasks.stream().mapToLong(TensorTask::writtenBytes).sum();
    }

    /**
     * Size of the output on disk in bytes: weights, index, configuration and side files; without
     * report and file system overhead.
     */
    public long diskBytes() {
        long sum = layout.bytes();
        for (SideFile file : sideFiles) {
            sum += file.bytes();
        }
        for (OutputLayout.SmallFile file : madeFiles) {
            sum += file.content().length;
        }
        for (OutputLayout.SmallFile file : modelFiles()) {
            sum += file.content().length;
        }
        return sum;
    }

    /** The passes over the whole model before the first tensor is combined, if any. */
    public Optional<PlannedModelPass> wholeModel() {
        return PlannedModelPass.of(tasks);
    }

    /** The tasks of the model's tensors, without those of the server state. */
    public List<TensorTask> modelTasks() {
        List<TensorTask> model = new ArrayList<>();
        int place = 0;
        for (TensorTask task : tasks) {
            int file = layout.placements().get(place).file();
            if (!layout.files().get(file).name().equals(OutputFormat.STATE_FILE)) {
                model.add(task);
            }
            place += task.written().size();
        }
        return model;
    }

    /** Configuration files, by name in the output directory. */
    public List<OutputLayout.SmallFile> modelFiles() {
        return donor.config().map(config -> format.modelFiles(config, configChanges)).stream()
                .flatMap(List::stream)
                .map(file -> new OutputLayout.SmallFile(place(file.name()), file.content()))
                .toList();
    }

    private String place(String name) {
        return donor.folders().inMainFolder(name);
    }

    @Override
    public void close() throws IOException {
        for (Checkpoint checkpoint : models.values()) {
            checkpoint.close();
        }
    }

    /**
     * Tensors of one model that have other names in the output.
     *
     * @param model with the other names
     * @param from prefix of the names in the model, with {@code #} for numbers
     * @param to prefix in the output
     * @param tensors number of tensors
     */
    public record Renaming(ModelRef model, String from, String to, int tensors) {
        private static final Pattern NUMBER = Pattern.compile("(?<=^|\\.)\\d+(?=\\.|$)");

        private record Ends(String from, String to) {}

        /** The distinct renamings among pairs of names. */
        public static List<Renaming> of(ModelRef model, Map<String, String> partners) {
            Map<Ends, Integer> counts = new LinkedHashMap<>();
            partners.forEach(
                    (from, to) ->
                            counts.merge(
                                    different(layersTogether(from), layersTogether(to)),
                                    1,
                                    Integer::sum));
            List<Renaming> renamings = new ArrayList<>();
            counts.forEach(
                    (ends, tensors) ->
                            renamings.add(new Renaming(model, ends.from, ends.to, tensors)));
            return renamings;
        }

        private static String layersTogether(String name) {
            return NUMBER.matcher(name).replaceAll("#");
        }

        /**
         * The prefixes of two names before their common suffix, in whole segments; neither is
         * empty.
         */
        private static Ends different(String from, String to) {
            int same = 0;
            for (int i = 1; i <= Math.min(from.length(), to.length()); i++) {
                boolean part = from.length() == i || from.charAt(from.length() - i - 1) == '.';
                boolean other = to.length() == i || to.charAt(to.length() - i - 1) == '.';
                if (from.charAt(from.length() - i) != to.charAt(to.length() - i)) {
                    break;
                }
                if (part && other && i < from.length() && i < to.length()) {
                    same = i;
                }
            }
            return new Ends(
                    from.substring(0, from.length() - same), to.substring(0, to.length() - same));
        }

        /** As a line: {@code model.language_model.* as language_model.model.* (62 tensors)}. */
        public String describe() {
            String many = tensors == 1 ? " (1 tensor)" : " (" + tensors + " tensors)";
            return star(from) + " as " + star(to) + many;
        }

        private static String star(String start) {
            return start.endsWith(".") ? start + "*" : start;
        }
    }

    /**
     * A file that is copied to the output: tokenizer, generation settings.
     *
     * @param name relative to the model's directory, and to the output's
     * @param file where it is
     * @param bytes its size
     */
    public record SideFile(Path name, Path file, long bytes) {
        /** The same file under another name. */
        public SideFile named(String other) {
            return new SideFile(Path.of(other), file, bytes);
        }

        /**
         * Whether both have the same bytes.
         *
         * @throws UncheckedIOException if a file cannot be read
         */
        public boolean sameContent(SideFile other) {
            try {
                return Files.mismatch(file, other.file) < 0;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** The file relative to the main model's folder; empty if it is elsewhere. */
        public Optional<SideFile> inMainFolder(Checkpoint model) {
            String home = model.folders().mainFolder();
            if (home.isEmpty()) {
                return Optional.of(this);
            }
            return name.startsWith(home)
                    ? Optional.of(named(Path.of(home).relativize(name).toString()))
                    : Optional.empty();
        }
    }
}
