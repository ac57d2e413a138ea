package io.amalgam.internal.plan;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.kernel.Workspace;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.ModelSource;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Models that are headers only, and plans made from them; {@code locked} and {@code crowded} cannot
 * be read.
 */
final class Models {
    private final Map<String, Header> models = new HashMap<>();
    private final List<String> open = new ArrayList<>();

    /** Adds a Llama of so many layers. */
    Models llama(String name, int layers) {
        Header header = new Header(name);
        header.tensor("model.embed_tokens.weight", 32, 8);
        for (int i = 0; i < layers; i++) {
            header.tensor("model.layers." + i + ".input_layernorm.weight", 8);
            header.tensor("model.layers." + i + ".self_attn.q_proj.weight", 8, 8);
            header.tensor("model.layers." + i + ".mlp.up_proj.weight", 16, 8);
        }
        header.tensor("model.norm.weight", 8).tensor("lm_head.weight", 32, 8);
        return add(header);
    }

    Models add(Header header) {
        models.put(header.name, header);
        return this;
    }

    Header get(String name) {
        return models.get(name);
    }

    /** Names of models that were opened and not closed. */
    List<String> open() {
        return open;
    }

    MergePlan plan(String recipe) throws IOException {
        return plan(recipe, PlanOptions.DEFAULT);
    }

    MergePlan plan(String recipe, PlanOptions options) throws IOException {
        Recipe read = RecipeReader.read(recipe, "r.yml");
        return plan(read, options);
    }

    MergePlan plan(Recipe recipe, PlanOptions options) throws IOException {
        ModelSource source =
                ref -> {
                    if (ref.path().equals("locked")) {
                        throw new AccessDeniedException("locked/model.safetensors");
                    }
                    if (ref.path().equals("crowded")) {
                        throw new FileSystemException(
                                "crowded/model.safetensors", null, "Too many open files");
                    }
                    Header header = models.get(ref.path());
                    if (header == null) {
                        throw new BadInputException(Problem.of("no model '" + ref + "'"));
                    }
                    open.add(header.name);
                    return header;
                };
        return new MergePlanner(BuiltInMethods.load(), source, new OneFile()).plan(recipe, options);
    }

    /** What is wrong with a recipe. */
    List<String> problems(String recipe) {
        return problems(recipe, PlanOptions.DEFAULT);
    }

    List<String> problems(String recipe, PlanOptions options) {
        try (MergePlan plan = plan(recipe, options)) {
            throw new AssertionError("planned: " + plan.tasks().size() + " tensors");
        } catch (BadInputException e) {
            return e.problems().stream().map(Problem::toString).toList();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A checkpoint without data. */
    static final class Header implements Checkpoint {
        final String name;
        final Map<String, TensorSource> tensors = new LinkedHashMap<>();
        private ObjectNode config;
        private Optional<Quantisation> quantisation = Optional.empty();
        private Optional<ModelFacts> facts = Optional.empty();
        private Models closedIn;

        Header(String name) {
            this.name = name;
        }

        Header tensor(String tensor, long... dims) {
            return tensor(tensor, DType.F32, dims);
        }

        Header tensor(String tensor, DType dtype, long... dims) {
            tensors.put(tensor, new Source(name, new TensorInfo(tensor, dtype, Shape.of(dims))));
            return this;
        }

        Header without(String tensor) {
            tensors.remove(tensor);
            return this;
        }

        Header config(String json) {
            try {
                config = (ObjectNode) new ObjectMapper().readTree(json);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            return this;
        }

        /** As a format has them that knows no config.json. */
        Header facts(ModelFacts own) {
            facts = Optional.of(own);
            return this;
        }

        @Override
        public ModelFacts facts() {
            return facts.orElseGet(Checkpoint.super::facts);
        }

        Header quantised(String how, boolean readable, boolean rescaled) {
            quantisation = Optional.of(new Quantisation(how, readable, rescaled));
            return this;
        }

        @Override
        public Optional<Quantisation> quantisation() {
            return quantisation;
        }

        Header tellWhenClosed(Models all) {
            closedIn = all;
            return this;
        }

        @Override
        public Path path() {
            return Path.of(name);
        }

        @Override
        public Map<String, TensorSource> tensors() {
            return tensors;
        }

        @Override
        public Map<String, String> metadata() {
            return Map.of();
        }

        @Override
        public Optional<ObjectNode> config() {
            return Optional.ofNullable(config);
        }

        @Override
        public List<Path> weightFiles() {
            return List.of();
        }

        @Override
        public List<Path> sideFiles() {
            return List.of();
        }

        @Override
        public void close() {
            if (closedIn != null) {
                closedIn.open.remove(name);
            }
        }
    }

    private record Source(String model, TensorInfo info) implements TensorSource {
        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace) {
            throw new AssertionError("planning reads no data");
        }

        @Override
        public long storedBytes() {
            return info.bytes();
        }

        @Override
        public String identity() {
            return model + ":" + info.name();
        }
    }

    /** A format that puts one tensor after another. */
    private static final class OneFile implements OutputFormat {
        @Override
        public String name() {
            return "one-file";
        }

        @Override
        public CheckpointFormat reader() {
            throw new AssertionError("opened by the test");
        }

        @Override
        public OutputLayout layout(OutputModel model, LayoutOptions options) {
            List<OutputLayout.Placement> placements = new ArrayList<>();
            long at = 0;
            for (TensorInfo tensor : model.tensors()) {
                placements.add(new OutputLayout.Placement(0, at));
                at += tensor.bytes();
            }
            OutputLayout.DataFile file = new OutputLayout.DataFile("weights", new byte[0], at);
            return new OutputLayout(List.of(file), placements, List.of());
        }
    }
}
