package io.amalgam.internal.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.OutputLayout.DataFile;
import io.amalgam.checkpoint.OutputLayout.Placement;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.Zeros;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.StatefulMethod;
import io.amalgam.method.TensorCall;
import io.amalgam.plan.TensorTask;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a {@link StatefulMethod} keeps: read from the file beside the base model's weights, zeros
 * where there is none, and written to a file of that name beside the output's.
 */
final class ServerState {
    private final StatefulMethod method;
    private final String file;
    private final Optional<Map<String, ? extends TensorSource>> earlier;
    private final Location location;
    private final Problems problems;

    private ServerState(
            StatefulMethod method,
            String file,
            Optional<Map<String, ? extends TensorSource>> earlier,
            Location location,
            Problems problems) {
        this.method = method;
        this.file = file;
        this.earlier = earlier;
        this.location = location;
        this.problems = problems;
    }

    /** The tasks of a merge, with those of its state if the method keeps one. */
    static List<TensorTask> with(
            List<TensorTask> tasks,
            Recipe recipe,
            Optional<MergeMethod> method,
            OpenModels models,
            Problems problems) {
        Optional<ModelRef> base =
                recipe.baseModel()
                        .or(
                                () ->
                                        recipe.sections().stream()
                                                .flatMap(section -> section.slices().stream())
                                                .flatMap(slice -> slice.baseModel().stream())
                                                .findFirst());
        return method.orElse(null) instanceof StatefulMethod stateful && base.isPresent()
                ? open(stateful, base.get(), models, problems).with(tasks)
                : tasks;
    }

    /** The state of a base model, if it has one: most often a file beside it, which is opened. */
    static ServerState open(
            StatefulMethod method, ModelRef base, OpenModels models, Problems problems) {
        String file = base.path() + "/" + OutputFormat.STATE_FILE;
        Optional<Checkpoint> server = models.get(base).map(model -> model.checkpoint);
        if (server.flatMap(Checkpoint::serverState).isPresent()) {
            Map<String, TensorSource> known = server.get().serverState().get();
            return new ServerState(
                    method,
                    file,
                    known.isEmpty() ? Optional.empty() : Optional.of(known),
                    base.location(),
                    problems);
        }
        boolean found =
                server.map(Checkpoint::path)
                        .filter(Files::isDirectory)
                        .map(ServerState::in)
                        .filter(Files::exists)
                        .isPresent();
        ModelRef ref = ModelRef.of(file).at(base.location());
        Optional<OpenModels.Model> opened = found ? models.get(ref) : Optional.empty();
        return new ServerState(
                method, file, opened.map(model -> model.tensors), base.location(), problems);
    }

    private static Path in(Path directory) {
        return directory.resolve(OutputFormat.STATE_FILE);
    }

    /** The tasks with state among their inputs, and after them those that write the new state. */
    List<TensorTask> with(List<TensorTask> tasks) {
        List<TensorTask> models = new ArrayList<>();
        List<TensorTask> states = new ArrayList<>();
        for (TensorTask task : tasks) {
            if (!(task.method().orElse(null) instanceof StatefulMethod)) {
                models.add(task);
                continue;
            }
            TensorTask stateful = withState(task);
            models.add(stateful);
            for (String part : method.state()) {
                states.add(
                        new TensorTask(
                                info(task, part),
                                stateful.sources(),
                                Optional.of(new StatePart(method, part)),
                                stateful.call(),
                                task.position()));
            }
        }
        models.addAll(states);
        return models;
    }

    private TensorTask withState(TensorTask task) {
        List<TensorSource> sources = new ArrayList<>(task.sources());
        List<TensorCall.Input> inputs = new ArrayList<>(task.call().inputs());
        for (String part : method.state()) {
            sources.add(source(info(task, part)));
            inputs.add(TensorCall.Input.state(file, part));
        }
        return new TensorTask(
                task.output(),
                sources,
                task.method(),
                task.call().withInputs(inputs),
                task.position());
    }

    private static TensorInfo info(TensorTask task, String part) {
        return new TensorInfo(task.output().name() + "." + part, DType.F32, task.output().shape());
    }

    private TensorSource source(TensorInfo wanted) {
        if (earlier.isEmpty()) {
            return new Zeros(wanted);
        }
        TensorSource found = earlier.get().get(wanted.name());
        if (found != null && found.info().equals(wanted)) {
            return found;
        }
        problems.add(
                "state",
                Problem.expected(
                                "tensor '" + wanted.name() + "' of '" + file + "'",
                                wanted.dtype() + " " + wanted.shape(),
                                found == null
                                        ? "none"
                                        : found.info().dtype() + " " + found.info().shape())
                        .at(location)
                        .hint(
                                "the state is another method's or model's: remove the file to begin with zeros"));
        return new Zeros(wanted);
    }

    /** The layout of models and states: a file more, which is moved before the weights are. */
    static OutputLayout layout(
            OutputFormat format,
            List<TensorTask> tasks,
            OutputModel whole,
            OutputFormat.LayoutOptions options) {
        List<TensorInfo> weights = new ArrayList<>();
        List<TensorInfo> states = new ArrayList<>();
        for (TensorTask task : tasks) {
            boolean isState = task.method().orElse(null) instanceof StatePart;
            (isState ? states : weights).addAll(task.written());
        }
        OutputLayout model =
                format.layout(
                        new OutputModel(
                                weights,
                                whole.config(),
                                whole.tokenizer(),
                                whole.copied(),
                                whole.made()),
                        options);
        if (states.isEmpty()) {
            return model;
        }
        OutputLayout state =
                format.layout(
                        OutputModel.of(states),
                        new OutputFormat.LayoutOptions(0, options.metadata()));
        DataFile only = state.files().get(0);
        List<DataFile> files = new ArrayList<>();
        files.add(new DataFile(OutputFormat.STATE_FILE, only.header(), only.size()));
        files.addAll(model.files());
        List<Placement> placements = new ArrayList<>();
        model.placements().forEach(p -> placements.add(new Placement(p.file() + 1, p.offset())));
        placements.addAll(state.placements());
        return new OutputLayout(files, placements, model.last());
    }
}
