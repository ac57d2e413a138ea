package io.amalgam.internal.stages;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.ModelScripts;
import io.amalgam.checkpoint.ModuleFolders;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.plan.StatePart;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.ModelSource;
import io.amalgam.plan.TensorTask;
import io.amalgam.recipe.ModelRef;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The result of a planned merge as a model of another: its tensors are known from the plan, whether
 * or not they are ever written. Closing it closes nothing; the plan belongs to the {@link
 * StagedPlan}, which also calls {@link #discard}.
 */
final class StageCheckpoint implements Checkpoint {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int SHOWN = 16;

    private final String name;
    private final MergePlan plan;
    private final ModelSource source;
    private final Map<String, StageTensor> tensors = new LinkedHashMap<>();
    private final Map<String, TensorSource> state = new LinkedHashMap<>();
    private final int inputs;
    private final boolean elementWise;
    private boolean readThrough;
    private @Nullable CompanionFolder companions;
    private volatile @Nullable Checkpoint written;
    private volatile @Nullable Checkpoint writtenState;

    /**
     * @param source opens the state that the stage writes
     */
    StageCheckpoint(String name, MergePlan plan, ModelSource source) {
        this.name = name;
        this.plan = plan;
        this.source = source;
        for (TensorTask task : plan.tasks()) {
            StageTensor tensor = new StageTensor(this, task);
            if (task.method().orElse(null) instanceof StatePart) {
                state.put(task.output().name(), tensor);
            } else {
                tensors.put(task.output().name(), tensor);
            }
        }
        this.elementWise =
                state.isEmpty()
                        && plan.wholeModel().isEmpty()
                        && plan.vocabulary().isEmpty()
                        && tensors.values().stream().allMatch(StageTensor::elementWise);
        this.inputs = plan.tasks().stream().mapToInt(t -> t.sources().size()).max().orElse(1);
    }

    /** The name with the hash of its plan: one text never means two results. */
    String label() {
        return name + "#" + plan.hash().substring(0, SHOWN);
    }

    MergePlan plan() {
        return plan;
    }

    int inputs() {
        return inputs;
    }

    /**
     * Whether every tensor is made block by block in one pass, and nothing else is: a method that
     * looks at the whole model first, or keeps a state, must run for itself, and so must what reads
     * its models token by token.
     */
    boolean elementWise() {
        return elementWise;
    }

    /**
     * Makes the files beside its weights, where they will not be those of its donor: whoever uses
     * the stage needs them before it runs.
     */
    void makeCompanions() throws IOException {
        boolean own = plan.vocabulary().isPresent() || !plan.madeFiles().isEmpty();
        if (own && companions == null) {
            companions = CompanionFolder.of(plan);
        }
    }

    /** Removes what {@link #makeCompanions} made. */
    void discard() throws IOException {
        if (companions != null) {
            companions.close();
        }
    }

    boolean readThrough() {
        return readThrough;
    }

    /** Decides that tensors are computed while they are read. */
    void computeWhileRead() {
        readThrough = true;
    }

    /** From here on tensors are read from a folder, which holds the plan's result. */
    void readFrom(Path folder) throws IOException {
        written = plan.format().reader().open(folder, name);
        if (!state.isEmpty()) {
            Path file = folder.resolve(OutputFormat.STATE_FILE).toAbsolutePath();
            writtenState = source.open(ModelRef.of(file.toString()));
        }
    }

    /** Closes what {@link #readFrom} opened. */
    void closeWritten() throws IOException {
        for (Checkpoint open : Arrays.asList(written, writtenState)) {
            if (open != null) {
                open.close();
            }
        }
    }

    Optional<Checkpoint> written() {
        return Optional.ofNullable(written);
    }

    Optional<TensorSource> writtenTensor(StageTensor tensor) {
        String wanted = tensor.info().name();
        Checkpoint result = state.get(wanted) == tensor ? writtenState : written;
        return result == null
                ? Optional.empty()
                : Optional.ofNullable(result.tensors().get(wanted));
    }

    /** Where the result is; until it is written, a folder with its side files. */
    @Override
    public Path path() {
        if (written == null && companions != null) {
            return companions.path();
        }
        return written().orElse(plan.donor()).path();
    }

    @Override
    public Map<String, ? extends TensorSource> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public Map<String, String> metadata() {
        return Map.of("format", "pt");
    }

    /** The donor's configuration with what the stage changes in it. */
    @Override
    public Optional<ObjectNode> config() {
        return plan.donor()
                .config()
                .flatMap(
                        config ->
                                plan.format().modelFiles(config, plan.configChanges()).stream()
                                        .filter(file -> file.name().equals("config.json"))
                                        .findFirst()
                                        .map(StageCheckpoint::parse));
    }

    @Override
    public ModelFacts facts() {
        Optional<ObjectNode> config = config();
        return config.isPresent() ? ModelFacts.of(config) : plan.donor().facts();
    }

    private static ObjectNode parse(SmallFile file) {
        try {
            return (ObjectNode) JSON.readTree(file.content());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public List<Path> weightFiles() {
        return written().map(Checkpoint::weightFiles).orElseGet(() -> files(m -> m.weightFiles()));
    }

    @Override
    public List<Path> places() {
        return files(Checkpoint::places);
    }

    @Override
    public List<Path> origins() {
        return files(Checkpoint::origins);
    }

    private List<Path> files(Function<Checkpoint, List<Path>> some) {
        return plan.models().values().stream()
                .flatMap(m -> some.apply(m).stream())
                .distinct()
                .toList();
    }

    @Override
    public ModuleFolders folders() {
        return written().orElse(plan.donor()).folders();
    }

    @Override
    public Optional<Map<String, TensorSource>> serverState() {
        return Optional.of(Collections.unmodifiableMap(state));
    }

    @Override
    public List<Path> sideFiles() {
        if (written == null && companions != null) {
            return companions.names();
        }
        return written().orElse(plan.donor()).sideFiles();
    }

    @Override
    public Path tokenizerHome() {
        return written == null && companions != null
                ? mainFolder()
                : written().orElse(plan.donor()).tokenizerHome();
    }

    @Override
    public Path tokenizerSource() {
        return written == null && companions != null
                ? mainFolder()
                : written().orElse(plan.donor()).tokenizerSource();
    }

    @Override
    public Path locate(Path sideFile) {
        return written == null && companions != null
                ? path().resolve(sideFile)
                : written().orElse(plan.donor()).locate(sideFile);
    }

    /** What is missing was said when the stage was planned. */
    @Override
    public ModelScripts scripts() {
        List<Path> tokenizer = written().orElse(plan.donor()).scripts().tokenizer();
        if (written == null && companions != null) {
            tokenizer =
                    companions.names().stream().filter(f -> f.toString().endsWith(".py")).toList();
        }
        return new ModelScripts(tokenizer, List.of(), List.of());
    }

    @Override
    public long sharedBytes() {
        return readThrough ? plan.sharedModelBytes() : 0;
    }

    /** Those of the stage, where it is computed while it is read. */
    @Override
    public List<Preparation> preparations() {
        return readThrough ? plan.preparations() : List.of();
    }

    /** Blocks of the stage's inputs, as many again for its method's own use, and the result. */
    @Override
    public long bytesPerReader(int elements) {
        long models =
                plan.models().values().stream().mapToLong(m -> m.bytesPerReader(elements)).sum();
        return readThrough ? (2L * inputs + 1) * elements * Float.BYTES + models : 0;
    }

    /** Of copies of tensors that are not read, or have scales elsewhere. */
    @Override
    public Optional<Quantisation> quantisation() {
        return plan.models().values().stream()
                .map(Checkpoint::quantisation)
                .flatMap(Optional::stream)
                .filter(how -> !how.readable() || how.rescaled())
                .findFirst();
    }

    @Override
    public void close() {
        // Others may still read it.
    }
}
