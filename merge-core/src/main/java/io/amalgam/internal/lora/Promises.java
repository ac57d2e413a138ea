package io.amalgam.internal.lora;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.TiedTensors;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * The tensors an adapter's settings promise, against those it has. PEFT ignores names that the
 * model has not; so what counts is what the base has and the adapter lacks.
 */
public final class Promises {
    /** Heads of classifiers: PEFT names both, and a model has one of them. */
    private static final Set<String> EITHER = Set.of("classifier", "score");

    private static final String HINT =
            "the adapter is incomplete: download it again, or correct its settings";

    private final Adapter adapter;
    private final ObjectNode config;
    private final Predicate<String> inBase;
    private final Function<String, Optional<String>> tensor;
    private final Optional<TiedTensors> tied;

    /**
     * @param inBase whether the base has a module, by the end or a part of its name
     * @param tensor the base's name of a tensor
     */
    public Promises(
            Adapter adapter,
            ObjectNode config,
            Predicate<String> inBase,
            Function<String, Optional<String>> tensor,
            Optional<TiedTensors> tied) {
        this.adapter = adapter;
        this.config = config;
        this.inBase = inBase;
        this.tensor = tensor;
        this.tied = tied;
    }

    /** Of an adapter whose base is not there: a name that the base may not have is no promise. */
    public static Promises withoutBase(Adapter adapter) {
        return new Promises(
                adapter,
                adapter.config().orElseGet(JsonNodeFactory.instance::objectNode),
                name -> false,
                name -> Optional.empty(),
                Optional.empty());
    }

    /** Modules that are saved only if the base has them, where the base is not known. */
    public Optional<Problem> doubtful() {
        List<String> names = new ArrayList<>();
        config.path("modules_to_save").forEach(name -> names.add(name.asText()));
        boolean other = EITHER.stream().anyMatch(this::saved);
        List<String> absent =
                names.stream()
                        .filter(name -> !saved(name) && !(other && EITHER.contains(name)))
                        .toList();
        boolean tying = config.path("ensure_weight_tying").asBoolean(false);
        return absent.isEmpty() || tying
                ? Optional.empty()
                : Optional.of(problem("modules_to_save", "a tensor for each module", absent));
    }

    /** Whole modules and rows that are not there. */
    public List<Problem> missing() {
        List<Problem> problems = new ArrayList<>();
        List<String> names = new ArrayList<>();
        config.path("modules_to_save").forEach(name -> names.add(name.asText()));
        List<String> absent = names.stream().filter(name -> !saved(name)).toList();
        boolean none = absent.size() == names.size();
        List<String> lost = absent.stream().filter(name -> none || isLost(name)).toList();
        if (!lost.isEmpty()) {
            problems.add(problem("modules_to_save", "a tensor for each module", lost));
        }
        List<String> rowless = new ArrayList<>();
        JsonNode rows = config.path("trainable_token_indices");
        if (rows.isArray() && !rows.isEmpty() && adapter.rows().isEmpty()) {
            rowless.add("embed_tokens");
        }
        rows.properties()
                .forEach(
                        entry -> {
                            if (!entry.getValue().isEmpty()
                                    && !hasRows(entry.getKey(), entry.getValue(), rows)) {
                                rowless.add(entry.getKey());
                            }
                        });
        if (!rowless.isEmpty()) {
            problems.add(
                    problem("trainable_token_indices", "trained rows for each module", rowless));
        }
        return problems;
    }

    private Problem problem(String key, String promised, List<String> lost) {
        return Problem.expected(
                        "'" + key + "' of adapter '" + adapter.name() + "'",
                        promised,
                        "none for '" + String.join("', '", lost) + "'")
                .hint(HINT);
    }

    private static boolean within(String tensor, String module) {
        return ("." + tensor).contains("." + module + ".");
    }

    private boolean saved(String module) {
        return adapter.whole().keySet().stream().anyMatch(name -> within(name, module));
    }

    private boolean isLost(String module) {
        boolean other = EITHER.contains(module) && EITHER.stream().anyMatch(this::saved);
        return !other && !tiedToSaved(module) && inBase.test(module);
    }

    /** Of tied tensors one end may stand for both. */
    private boolean tiedToSaved(String module) {
        boolean both = config.path("ensure_weight_tying").asBoolean(false);
        return both && ends(module) && adapter.whole().keySet().stream().anyMatch(this::isEnd);
    }

    private boolean hasRows(String module, JsonNode indices, JsonNode all) {
        boolean own =
                adapter.rows().keySet().stream()
                        .anyMatch(name -> ("." + name).endsWith("." + module + ".weight"));
        // Of tied tensors with the same rows PEFT keeps those of the embedding.
        boolean shared =
                ends(module)
                        && adapter.rows().keySet().stream().anyMatch(this::isEnd)
                        && all.properties().stream()
                                .filter(e -> ends(e.getKey()))
                                .allMatch(e -> e.getValue().equals(indices));
        return own || shared || (!inBase.test(module) && !adapter.rows().isEmpty());
    }

    private boolean ends(String module) {
        return tensor.apply(module + ".weight").filter(this::isTied).isPresent();
    }

    private boolean isEnd(String name) {
        return tensor.apply(name).filter(this::isTied).isPresent();
    }

    private boolean isTied(String name) {
        return tied.filter(t -> t.embedding().equals(name) || t.others().contains(name))
                .isPresent();
    }

    /**
     * Modules of a kind that is in some layers of the file and not in all of the base's.
     *
     * @param matched tensors of the base that the adapter changes
     * @param weights the base's tensors by their modules' names
     */
    public Optional<Problem> incomplete(Set<String> matched, Map<String, String> weights) {
        TargetedModules targets = new TargetedModules(config);
        if (!targets.isList() || config.path("exclude_modules").isTextual()) {
            return Optional.empty();
        }
        Map<String, List<String>> kinds = new LinkedHashMap<>();
        Set<String> begun = new HashSet<>();
        weights.forEach(
                (module, name) -> {
                    if (targets.names(module, false)) {
                        String kind = module.replaceAll("(?<=\\.)\\d+(?=\\.)", "*");
                        if (matched.contains(name)) {
                            begun.add(kind);
                        } else {
                            kinds.computeIfAbsent(kind, unused -> new ArrayList<>()).add(module);
                        }
                    }
                });
        List<String> lacking =
                kinds.entrySet().stream()
                        .filter(e -> begun.contains(e.getKey()))
                        .flatMap(e -> e.getValue().stream())
                        .toList();
        return lacking.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        Problem.expected(
                                        "'target_modules' of adapter '" + adapter.name() + "'",
                                        "factors in all layers",
                                        "none for "
                                                + lacking.size()
                                                + (lacking.size() == 1 ? " module" : " modules")
                                                + " of kinds that others have, such as '"
                                                + lacking.get(0)
                                                + "'")
                                .hint("those keep the base's values"));
    }
}
