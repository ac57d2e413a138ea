package io.amalgam.internal.lora.combine;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.engine.OrderedParallel;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.AdapterReads;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.LowRankDelta;
import io.amalgam.internal.lora.NewAdapter;
import io.amalgam.internal.lora.Promises;
import io.amalgam.internal.lora.WeightedAdapter;
import io.amalgam.internal.lora.combine.CombineOptions.On;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Stream;

/**
 * Makes one adapter of several. Each thread works on one module at a time; what is held is its
 * factors, for methods on changes in full its change from every adapter, and the new adapter.
 */
public final class AdapterCombiner {
    /** Methods on factors: PEFT's names, and {@code exact}. */
    public static final List<String> METHODS =
            List.of(
                    "cat",
                    "exact",
                    "linear",
                    "svd",
                    "ties",
                    "ties_svd",
                    "dare_linear",
                    "dare_linear_svd",
                    "dare_ties",
                    "dare_ties_svd",
                    "magnitude_prune",
                    "magnitude_prune_svd");

    private List<WeightedAdapter> adapters;
    private final CombineOptions options;
    private final List<Problem> problems = new ArrayList<>();

    private AdapterCombiner(List<WeightedAdapter> adapters, CombineOptions options) {
        this.adapters = adapters;
        this.options = options;
    }

    /** Combines with a thread for each processor. */
    public static CombineResult of(
            List<WeightedAdapter> adapters, CombineOptions options, Optional<DType> dtype)
            throws IOException {
        return of(adapters, options, dtype, Runtime.getRuntime().availableProcessors());
    }

    /**
     * Combines adapters; they stay open.
     *
     * @param dtype what is written; empty for the type that holds all adapters' factors
     * @param threads modules worked on at a time; changes nothing in the result
     * @throws BadInputException if the adapters cannot be combined so, with every problem
     * @throws IOException if one cannot be read
     */
    public static CombineResult of(
            List<WeightedAdapter> adapters,
            CombineOptions options,
            Optional<DType> dtype,
            int threads)
            throws IOException {
        return new AdapterCombiner(List.copyOf(adapters), options).combine(dtype, threads);
    }

    private CombineResult combine(Optional<DType> dtype, int threads) throws IOException {
        checkOptions();
        adapters.forEach(weighted -> checkKind(weighted.adapter()));
        adapters.forEach(weighted -> problems.addAll(promises(weighted.adapter()).missing()));
        OneSpelling spelling = OneSpelling.of(adapters, problems);
        adapters = spelling.adapters();
        Map<String, List<Integer>> owners = new LinkedHashMap<>();
        for (int t = 0; t < adapters.size(); t++) {
            for (String name : adapters.get(t).adapter().modules().keySet()) {
                owners.computeIfAbsent(name, unused -> new ArrayList<>()).add(t);
            }
        }
        owners.forEach(this::checkShapes);
        KeptTensors kept = KeptTensors.of(adapters, problems);
        if (!problems.isEmpty()) {
            // An adapter may be given twice.
            throw new BadInputException(problems.stream().distinct().toList());
        }
        List<LowRankDelta> modules = new ArrayList<>();
        List<CombineResult.Report> reports = new ArrayList<>();
        for (ModuleCombiner.Result result : results(owners, threads)) {
            modules.add(result.factors());
            reports.add(result.report());
        }
        DType common = commonType();
        boolean halves = common == DType.BF16 || common == DType.F16;
        Adapter donor = adapters.get(0).adapter();
        String base =
                donor.config().map(c -> c.path("base_model_name_or_path").asText("")).orElse("");
        NewAdapter combined =
                new NewAdapter(
                        modules,
                        List.of(),
                        kept.tensors(),
                        kept.saved(),
                        dtype.orElse(halves ? common : DType.F32),
                        base,
                        donor.config());
        List<Problem> warnings = new ArrayList<>(UnusedOptions.warnings(options));
        warnings.addAll(warnings());
        warnings.addAll(kept.warnings());
        for (WeightedAdapter weighted : adapters) {
            warnings.addAll(weighted.adapter().warnings());
            promises(weighted.adapter()).doubtful().ifPresent(warnings::add);
        }
        return new CombineResult(combined, reports, kept.owners(), spelling.renamed(), warnings);
    }

    private List<ModuleCombiner.Result> results(Map<String, List<Integer>> owners, int threads)
            throws IOException {
        ModuleCombiner combiner = new ModuleCombiner(options, adapters.size(), largestRank());
        if (options.on() == On.KNOTS) {
            List<Knots> modules =
                    each(owners, threads, (name, parts) -> Knots.of(name, parts, true));
            double[] weights = adapters.stream().mapToDouble(WeightedAdapter::weight).toArray();
            return combiner.combine(modules, weights);
        }
        return each(owners, threads, combiner::combine);
    }

    private <R> List<R> each(
            Map<String, List<Integer>> owners,
            int threads,
            BiFunction<String, List<ModuleFactors>, R> work)
            throws IOException {
        List<R> results = new ArrayList<>();
        OrderedParallel.<Map.Entry<String, List<Integer>>, R>run(
                List.copyOf(owners.entrySet()),
                threads,
                entry -> work.apply(entry.getKey(), parts(entry.getKey(), entry.getValue())),
                results::add);
        return results;
    }

    private static Promises promises(Adapter adapter) {
        return Promises.withoutBase(adapter);
    }

    private int largestRank() {
        return adapters.stream()
                .flatMap(weighted -> weighted.adapter().modules().values().stream())
                .mapToInt(LoraModule::rank)
                .max()
                .orElse(1);
    }

    /** The type that holds all factors and whole tensors. */
    private DType commonType() {
        return adapters.stream()
                .map(WeightedAdapter::adapter)
                .flatMap(
                        adapter ->
                                Stream.concat(
                                        adapter.modules().values().stream().map(LoraModule::a),
                                        adapter.whole().values().stream()))
                .map(tensor -> tensor.info().dtype())
                .reduce(DType::promote)
                .orElse(DType.F32);
    }

    private List<ModuleFactors> parts(String name, List<Integer> owners) throws IOException {
        List<ModuleFactors> parts = new ArrayList<>();
        for (int t : owners) {
            parts.add(part(name, t));
        }
        return parts;
    }

    private List<Problem> warnings() {
        boolean adds = options.on() == On.FACTORS && PeftMethod.named(options.method()).isPresent();
        return !adds || adapters.size() == 1
                ? List.of()
                : List.of(
                        Problem.of(
                                        "'"
                                                + options.method()
                                                + "' adds the factors, not the changes: products of one adapter's A"
                                                + " with another's B come in")
                                .hint("'cat' and 'exact' give the sum of the changes"));
    }

    private void checkOptions() {
        String method = options.method();
        if (adapters.isEmpty()) {
            throw new BadInputException(Problem.of("no adapter to combine"));
        }
        if (options.on() == On.FACTORS) {
            if (!METHODS.contains(method)) {
                throw new BadInputException(
                        Problem.of("unknown way to combine adapters '" + method + "'")
                                .hint(
                                        Suggestions.didYouMean(
                                                method,
                                                METHODS,
                                                "the methods are "
                                                        + String.join(", ", METHODS)
                                                        + "; merge methods work with CombineOptions.On.DELTAS")));
            }
            boolean prunes =
                    PeftMethod.named(method.replaceFirst("_svd$", ""))
                            .map(PeftMethod::prunes)
                            .orElse(false);
            if (prunes && options.density().isEmpty()) {
                problems.add(
                        Problem.of("'" + method + "' needs a density")
                                .hint(
                                        "give CombineOptions.density, the share of elements to keep"));
            }
        }
        if (options.on() != On.FACTORS && METHODS.contains(method) && !isMergeMethod(method)) {
            throw new BadInputException(
                    Problem.expected(
                                    "method of 'CombineOptions.on' "
                                            + options.on().name().toLowerCase(Locale.ROOT),
                                    "a merge method, such as 'linear' or 'ties'",
                                    "'" + method + "'")
                            .hint(
                                    "'"
                                            + method
                                            + "' works on factors: leave out CombineOptions.on"));
        }
        options.density()
                .filter(density -> !(density > 0 && density <= 1))
                .ifPresent(
                        density ->
                                problems.add(
                                        Problem.expected(
                                                "'CombineOptions.density'",
                                                "a number above 0 and at most 1",
                                                density)));
    }

    private static boolean isMergeMethod(String name) {
        return BuiltInMethods.load().all().stream().anyMatch(m -> m.info().name().equals(name));
    }

    private void checkKind(Adapter adapter) {
        boolean dora = adapter.modules().values().stream().anyMatch(m -> m.magnitude().isPresent());
        boolean biased = adapter.modules().values().stream().anyMatch(m -> m.bias().isPresent());
        Optional<String> experts =
                adapter.modules().values().stream()
                        .filter(m -> m.experts().isPresent())
                        .map(LoraModule::name)
                        .findFirst();
        String has =
                dora
                        ? "DoRA's magnitudes"
                        : experts.isPresent()
                                ? "factors of parameters, such as '" + experts.get() + "'"
                                : !adapter.rows().isEmpty()
                                        ? "trained rows of tokens"
                                        : !adapter.changes().isEmpty()
                                                ? "a task vector's changes of tensors"
                                                : biased ? "biases" : started(adapter);
        if (!has.isEmpty()) {
            problems.add(
                    Problem.expected(
                                    "adapter '" + adapter.name() + "'",
                                    "factors A and B, and perhaps whole tensors",
                                    has)
                            .hint("put each adapter into the base and merge the models"));
        }
    }

    private static String started(Adapter adapter) {
        return adapter.modules().values().stream()
                .map(LoraModule::start)
                .filter(start -> start != LoraModule.Start.NOTHING)
                .findFirst()
                .map(
                        start ->
                                "factors that stand for a part of the base too ('init_lora_weights' is '"
                                        + start.name().toLowerCase(Locale.ROOT)
                                        + "')")
                .orElse("");
    }

    private void checkShapes(String name, List<Integer> owners) {
        LoraModule first = module(name, owners.get(0));
        boolean equalRanks =
                options.on() == On.FACTORS && PeftMethod.named(options.method()).isPresent();
        for (int t : owners.subList(1, owners.size())) {
            LoraModule other = module(name, t);
            String of = "module '" + name + "' of adapter '" + adapters.get(t).adapter().name();
            String as = " as in adapter '" + adapters.get(owners.get(0)).adapter().name() + "'";
            if (other.in() != first.in()
                    || other.out() != first.out()
                    || embeds(other) != embeds(first)) {
                problems.add(
                        Problem.expected(
                                        of + "'",
                                        first.out() + " x " + first.in() + as,
                                        other.out() + " x " + other.in())
                                .hint("combine adapters of one base"));
            } else if (equalRanks && other.rank() != first.rank()) {
                problems.add(
                        Problem.expected("rank of " + of + "'", first.rank() + as, other.rank())
                                .hint(
                                        "'"
                                                + options.method()
                                                + "' adds factors; take 'cat', 'svd' or 'exact'"));
            }
        }
        if (problems.size() > 20) {
            throw new BadInputException(problems);
        }
    }

    /** How a matrix lies in the base is nothing to its factors. */
    private static boolean embeds(LoraModule module) {
        return module.kind() == LoraModule.Kind.EMBEDDING;
    }

    private LoraModule module(String name, int adapter) {
        return java.util.Objects.requireNonNull(
                adapters.get(adapter).adapter().modules().get(name));
    }

    private ModuleFactors part(String name, int adapter) throws IOException {
        LoraModule module = module(name, adapter);
        float[] a = finite(module.a(), adapter);
        float[] b = finite(module.b(), adapter);
        return new ModuleFactors(module, a, b, adapters.get(adapter).weight(), adapter);
    }

    private float[] finite(TensorSource tensor, int adapter) throws IOException {
        return AdapterReads.finite(tensor, adapters.get(adapter).adapter().name());
    }
}
