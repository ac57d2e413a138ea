package io.amalgam.internal.evaluate;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.ReadingRun;
import io.amalgam.internal.forward.LlamaModel;
import io.amalgam.internal.layers.LayerStack;
import io.amalgam.internal.layers.LayerStacks;
import io.amalgam.internal.linalg.BlasThreads;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is found out when a model is loaded elsewhere: numbers that are not finite, shapes that the
 * configuration does not promise, a tokenizer with more tokens than rows, activations that explode.
 *
 * @param seen what was looked at, by part: tensors, config, tokenizer, forward
 */
public record ModelCheck(Map<String, String> seen, List<Problem> problems, List<Problem> warnings) {
    public ModelCheck {
        problems = List.copyOf(problems);
        warnings = List.copyOf(warnings);
    }

    /**
     * Checks a model.
     *
     * @param name what the user calls it
     * @throws IOException if it cannot be read
     */
    public static ModelCheck of(
            Checkpoint model,
            String name,
            EngineOptions options,
            ReadingRun.Listener listener,
            Cancellation cancellation)
            throws IOException {
        Map<String, String> seen = new LinkedHashMap<>();
        List<Problem> problems = new ArrayList<>();
        List<Problem> warnings = new ArrayList<>(model.warnings());
        ReadingRun.prepare(model.preparations(), options, listener, cancellation);
        int numbers = FiniteScan.numbers(model).size();
        problems.addAll(FiniteScan.problems(model, options, listener::progressed, cancellation));
        seen.put(
                "tensors",
                model.tensors().size()
                        + " read"
                        + (problems.isEmpty() ? ", all finite" : "")
                        + (numbers < model.tensors().size()
                                ? "; "
                                        + (model.tensors().size() - numbers)
                                        + " without numbers to calculate with"
                                : ""));
        boolean finite = problems.isEmpty();
        Optional<LlamaModel> llama = config(model, name, seen, problems, warnings);
        seen.put("tokenizer", new VocabularyCheck(model, name, problems, warnings).run());
        if (llama.isPresent() && finite) {
            seen.put(
                    "forward",
                    BlasThreads.callers(
                            () ->
                                    ReadingRun.run(
                                            options,
                                            listener,
                                            cancellation,
                                            new ShortRun(llama.get(), problems)::run)));
        } else {
            seen.put(
                    "forward",
                    finite && !LlamaModel.isKnown(model)
                            ? "not run: this version runs Llama, Mistral, Qwen2 and Qwen3 models"
                            : "not run");
        }
        return new ModelCheck(seen, problems, warnings);
    }

    private static Optional<LlamaModel> config(
            Checkpoint model,
            String name,
            Map<String, String> seen,
            List<Problem> problems,
            List<Problem> warnings) {
        if (model.config().isEmpty()) {
            seen.put("config", "not compared: there is no config.json");
            return Optional.empty();
        }
        if (LlamaModel.isKnown(model)) {
            try {
                LlamaModel llama = LlamaModel.of(model, name);
                warnings.addAll(llama.warnings());
                seen.put("config", "all tensors are there in the shapes that it says");
                return Optional.of(llama);
            } catch (BadInputException e) {
                problems.addAll(e.problems());
                seen.put("config", "tensors do not agree with it");
                return Optional.empty();
            }
        }
        ModelFacts facts = model.facts();
        List<LayerStack> stacks = LayerStacks.of(model.tensors().keySet()).all();
        if (stacks.size() == 1 && facts.layers() > 0) {
            int found = stacks.get(0).count();
            if (found != facts.layers() && !facts.behind().containsKey((long) found)) {
                // Some types share their layers.
                warnings.add(
                        Problem.expected(
                                        "layers of model '" + name + "'",
                                        facts.layers() + " as config.json says",
                                        found + " in " + stacks.get(0).prefix() + "*")
                                .hint("loading it may fail, or make new layers"));
            }
        }
        seen.put(
                "config",
                (facts.type().isEmpty() ? "no model_type" : "type '" + facts.type() + "'")
                        + ": layers and rows of the embedding are compared, other shapes are not known");
        return Optional.empty();
    }
}
