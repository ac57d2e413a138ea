package io.amalgam.internal.formats.peft;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.formats.huggingface.JsonFiles;
import io.amalgam.internal.formats.peft.TensorKey.Part;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.RowValues;
import io.amalgam.internal.lora.apply.Causes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Sorts the tensors of an adapter's file into modules, and checks that each is whole. */
final class AdapterReader {
    private static final int LISTED = 5;

    /** Stands behind the name of a module for each time a pair of factors is inside of another. */
    private static final String DEEPER = "/";

    private final Checkpoint file;
    private final Optional<PeftConfig> config;
    private final EmbeddedSettings embedded;
    private final TokenIndices tokens;
    private final Path settings;
    private final List<Problem> problems;
    private final Map<String, Map<Part, TensorSource>> parts = new LinkedHashMap<>();
    private final Map<String, LoraModule> modules = new LinkedHashMap<>();
    private final Map<String, TensorSource> whole = new LinkedHashMap<>();
    private final Map<String, RowValues> rows = new LinkedHashMap<>();
    private final Causes causes = new Causes();

    AdapterReader(
            Checkpoint file,
            Optional<PeftConfig> config,
            EmbeddedSettings embedded,
            TokenIndices tokens,
            Path settings,
            List<Problem> problems) {
        this.file = file;
        this.config = config;
        this.embedded = embedded;
        this.tokens = tokens;
        this.settings = settings;
        this.problems = problems;
    }

    Map<String, LoraModule> modules() {
        return modules;
    }

    Map<String, TensorSource> whole() {
        return whole;
    }

    Map<String, RowValues> rows() {
        return rows;
    }

    void read() throws IOException {
        if (config.isEmpty()) {
            Optional<Problem> other = OtherMethods.byNames(file.tensors().keySet(), file.path());
            if (other.isPresent()) {
                problems.add(other.get());
                return;
            }
        }
        List<String> unknown = new ArrayList<>();
        List<String> numberless = new ArrayList<>();
        boolean integers = false;
        for (TensorSource tensor : file.tensors().values()) {
            String name = tensor.info().name();
            TensorKey key = TensorKey.of(name);
            if (key.part() == Part.COPY) {
                continue;
            }
            if (key.part() == Part.UNKNOWN) {
                unknown.add(name);
            } else if (!tensor.info().dtype().arithmetic()) {
                numberless.add(name);
                integers |= key.part() != Part.WHOLE;
            } else if (key.part() == Part.WHOLE) {
                TensorSource earlier = whole.putIfAbsent(key.module(), tensor);
                if (earlier != null && !TensorReads.same(earlier, tensor)) {
                    problems.add(twice("saved tensor", earlier, tensor));
                }
            } else if (key.part() == Part.ROWS) {
                rows(key.module(), tensor);
            } else {
                TensorSource earlier =
                        parts.computeIfAbsent(pair(key, name), unused -> new EnumMap<>(Part.class))
                                .putIfAbsent(key.part(), tensor);
                if (earlier != null) {
                    problems.add(twice("factor", earlier, tensor));
                }
            }
        }
        boolean settled = config.isPresent() && !(whole.isEmpty() && rows.isEmpty());
        if (parts.isEmpty() && unknown.isEmpty() && !integers && !settled) {
            problems.add(
                    bad(
                            Problem.expected(
                                            "adapter",
                                            "LoRA factors, such as '...lora_A.weight'",
                                            "none in " + file.tensors().size() + " tensors")
                                    .hint("check the path: is this a whole model?")));
            return;
        }
        unknown.addAll(numberless);
        if (!unknown.isEmpty()) {
            problems.add(unknown(unknown));
        }
        if (config.isEmpty()
                && problems.isEmpty()
                && file.tensors().keySet().stream().anyMatch(TensorKey::isPeft)) {
            problems.add(
                    Problem.expected(
                                    "adapter settings",
                                    "'" + PeftFormat.CONFIG + "', which has the scale",
                                    "no such file")
                            .at("'" + settings + "'")
                            .hint("the download is incomplete: get the missing file"));
            return;
        }
        for (Map.Entry<String, Map<Part, TensorSource>> entry : parts.entrySet()) {
            module(entry.getKey(), entry.getValue());
        }
        problems.addAll(causes.problems());
    }

    private Problem twice(String what, TensorSource first, TensorSource second) {
        return bad(
                Problem.of(
                                "tensors '"
                                        + first.info().name()
                                        + "' and '"
                                        + second.info().name()
                                        + "' are the same "
                                        + what
                                        + " of one module")
                        .hint("the file holds two adapters: keep one"));
    }

    private void rows(String module, TensorSource tensor) {
        Optional<List<Integer>> indices = tokens.of(module);
        long[] shape = tensor.info().shape().dims();
        int count = indices.map(List::size).orElse(-1);
        if (shape.length == 2 && shape[0] == count) {
            rows.put(module + ".weight", new RowValues(tensor, indices.orElseThrow()));
            return;
        }
        problems.add(
                bad(
                        Problem.expected(
                                        "tensor '" + tensor.info().name() + "'",
                                        indices.isEmpty()
                                                ? "the numbers of its tokens in 'trainable_token_indices'"
                                                : "a row for each of "
                                                        + count
                                                        + " 'trainable_token_indices'",
                                        indices.isEmpty() ? "none" : tensor.info().shape())
                                .hint(
                                        "settings and weights are of different adapters: download both again")));
    }

    private Optional<TargetParameters> parameters() {
        return config.map(PeftConfig::parameters).filter(p -> !p.targets().isEmpty());
    }

    /** What the factors of one pair have in common: the module, and how deep they are in it. */
    private String pair(TensorKey key, String name) {
        int depth = parameters().isPresent() ? TargetParameters.depth(name) : 0;
        return key.module() + DEEPER.repeat(depth);
    }

    /**
     * The parameter that a pair of factors is for: its name there. Empty for those of a whole
     * module, which have just the rank's rows.
     */
    private Optional<LoraModule.Experts> parameter(String pair, int rows) {
        String module = pair.replace(DEEPER, "");
        int pairs = 0;
        while (parts.containsKey(module + DEEPER.repeat(pairs))) {
            pairs++;
        }
        PeftConfig settled = config.orElseThrow();
        if (pairs == 1 && settled.rank(module) == rows) {
            return Optional.empty();
        }
        Optional<List<String>> names = settled.parameters().of(module, pairs);
        if (names.isEmpty()) {
            problems.add(
                    bad(
                            Problem.expected(
                                            "module '" + module + "'",
                                            "a pair of factors for each of 'target_parameters'",
                                            pairs + (pairs == 1 ? " pair" : " pairs"))
                                    .hint("merge it with the library it was trained with")));
            return Optional.empty();
        }
        int depth = (pair.length() - module.length()) / DEEPER.length();
        String name = names.get().get(depth);
        int rank = settled.rank(module + "." + name);
        // A count that does not divide the rows is found to be of another rank.
        int count = rank > 0 && rows % rank == 0 ? rows / rank : 1;
        return Optional.of(new LoraModule.Experts(module, name, count));
    }

    private Problem bad(Problem problem) {
        return problem.at("'" + file.path() + "'");
    }

    private Problem unknown(List<String> names) {
        String shown = String.join("', '", names.subList(0, Math.min(LISTED, names.size())));
        String more = names.size() > LISTED ? " and " + (names.size() - LISTED) + " more" : "";
        return bad(
                Problem.expected(
                                "adapter",
                                "LoRA factors of floating-point numbers",
                                "tensors of another method or type: '" + shown + "'" + more)
                        .hint("merge it with the tool it was trained with"));
    }

    private void module(String pair, Map<Part, TensorSource> tensors) throws IOException {
        boolean embedding =
                tensors.containsKey(Part.EMBEDDING_A) || tensors.containsKey(Part.EMBEDDING_B);
        TensorSource a = tensors.get(embedding ? Part.EMBEDDING_A : Part.A);
        TensorSource b = tensors.get(embedding ? Part.EMBEDDING_B : Part.B);
        if (a == null || b == null) {
            causes.add("half", half(pair, a, b, tensors), JsonFiles.DAMAGED);
            return;
        }
        if (!sound(pair, a, b)) {
            return;
        }
        int rows = (int) a.info().shape().dim(0);
        int before = problems.size();
        Optional<LoraModule.Experts> experts =
                parameters().isPresent() && !embedding ? parameter(pair, rows) : Optional.empty();
        if (problems.size() > before) {
            return;
        }
        String name = experts.map(e -> e.module() + "." + e.parameter()).orElse(pair);
        int rank = rows / experts.map(LoraModule.Experts::count).orElse(1);
        Optional<PeftConfig> own = config.or(() -> embedded.of(name));
        if (embedded.dora(name) && !tensors.containsKey(Part.MAGNITUDE)) {
            causes.add(
                    "dora",
                    bad(
                            Problem.expected(
                                    "module '" + name + "'",
                                    "a magnitude vector, as 'use_dora' says",
                                    "none")),
                    JsonFiles.DAMAGED);
            return;
        }
        TensorSource alphaTensor = tensors.get(Part.ALPHA);
        double scale;
        if (alphaTensor != null) {
            scale = alpha(alphaTensor) / rank;
        } else if (own.isPresent()) {
            PeftConfig settled = own.get();
            int told = settled.rank(name);
            // Another is a fault of the settings, and told as that.
            if (told > 0 && told != rank) {
                causes.add(
                        "rank",
                        bad(
                                Problem.expected(
                                        "rank of module '" + name + "'",
                                        told
                                                + " as in "
                                                + (config.isPresent()
                                                        ? "adapter_config.json"
                                                        : "'" + EmbeddedSettings.KEY + "'"),
                                        rank)),
                        "settings and weights are of different adapters: download both again");
                return;
            }
            scale = settled.scale(settled.alpha(name), rank);
        } else {
            // As diffusers and AI-Toolkit read files without alphas.
            scale = 1;
        }
        LoraModule.Kind kind = LoraModule.Kind.LINEAR;
        if (embedding) {
            kind = LoraModule.Kind.EMBEDDING;
        } else if (own.map(PeftConfig::transposed).orElse(false)) {
            kind = LoraModule.Kind.TRANSPOSED;
        }
        modules.put(
                name,
                new LoraModule(
                        name,
                        kind,
                        a,
                        b,
                        scale,
                        Optional.ofNullable(tensors.get(Part.MAGNITUDE)),
                        Optional.ofNullable(tensors.get(Part.B_BIAS)),
                        experts,
                        start(kind, own)));
    }

    /** PEFT begins embeddings as ever, whatever the settings say. */
    private static LoraModule.Start start(LoraModule.Kind kind, Optional<PeftConfig> own) {
        return kind == LoraModule.Kind.EMBEDDING
                ? LoraModule.Start.NOTHING
                : own.map(PeftConfig::start).orElse(LoraModule.Start.NOTHING);
    }

    private Problem half(
            String name,
            @Nullable TensorSource a,
            @Nullable TensorSource b,
            Map<Part, TensorSource> tensors) {
        TensorSource there = a != null ? a : b;
        if (there == null) {
            there = tensors.values().iterator().next();
        }
        return bad(
                Problem.expected(
                        "module '" + name + "'",
                        "both factors, A and B",
                        "only '" + Objects.requireNonNull(there).info().name() + "'"));
    }

    private boolean sound(String name, TensorSource a, TensorSource b) {
        long[] first = a.info().shape().dims();
        long[] second = b.info().shape().dims();
        boolean matrices = first.length >= 2 && second.length >= 2;
        long rank = matrices ? b.info().shape().elements() / Math.max(1, second[0]) : 0;
        if (matrices && first[0] == rank && rank > 0) {
            return true;
        }
        causes.add(
                "factors",
                bad(
                        Problem.expected(
                                "factors of module '" + name + "'",
                                "A of rank x in and B of out x rank",
                                a.info().shape() + " and " + b.info().shape())),
                JsonFiles.DAMAGED);
        return false;
    }

    private double alpha(TensorSource tensor) throws IOException {
        if (tensor.info().elements() != 1) {
            throw new BadInputException(
                    bad(
                            Problem.expected(
                                    "tensor '" + tensor.info().name() + "'",
                                    "one number",
                                    tensor.info().shape())));
        }
        double alpha = TensorReads.of(tensor)[0];
        if (!Double.isFinite(alpha)) {
            throw new BadInputException(
                    bad(
                            Problem.expected(
                                            "tensor '" + tensor.info().name() + "'",
                                            "a finite number",
                                            alpha)
                                    .hint(JsonFiles.DAMAGED)));
        }
        return alpha;
    }
}
