package io.amalgam.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** All that can be wrong with a recipe and its models, each with its message. */
class PlanProblemsTest {
    private static final String LINEAR =
            "merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: one}, {model: two}]\n";

    private static final String TIES =
            """
            merge_method: ties
            base_model: base
            models: [{model: one}, {model: two}]
            parameters: {weight: 1}
            """;

    private final Models models = new Models().llama("base", 4).llama("one", 4).llama("two", 4);

    @Test
    void unknownMethod() {
        assertThat(models.problems(LINEAR.replace("linear", "linaer")))
                .containsExactly(
                        "unknown merge method 'linaer' (r.yml:1:15); did you mean 'linear'?");
        assertThat(models.problems(LINEAR.replace("linear", "xyzzy_plugh")))
                .containsExactly(
                        "unknown merge method 'xyzzy_plugh' (r.yml:1:15); 'amalgam methods' lists all methods");
    }

    @Test
    void modelThatIsNotThere() {
        assertThat(models.problems(LINEAR.replace("one", "three").replace("two", "four")))
                .containsExactly("no model 'three' (r.yml:3:18)", "no model 'four' (r.yml:3:34)");
        assertThat(models.problems(TIES.replace("base\n", "ground\n")))
                .containsExactly("no model 'ground' (r.yml:2:13)");
    }

    @Test
    void modelListedTwice() {
        assertThat(models.problems(LINEAR.replace("two", "one")))
                .containsExactly(
                        "model 'one' is listed twice (r.yml:3:32); list it once, with the sum of its weights");
        assertThat(
                        models.problems(
                                """
                                merge_method: passthrough
                                slices:
                                  - sources:
                                      - {model: one, layer_range: [0, 2]}
                                      - {model: one, layer_range: [2, 4]}
                                """))
                .containsExactly(
                        "model 'one' is listed twice (r.yml:5:17); a slice merges each model with others; to stack these layers, give each range a slice of its own");
    }

    @Test
    void tensorsMissingInSomeModel() {
        models.get("two")
                .without("model.layers.1.mlp.up_proj.weight")
                .without("model.layers.3.mlp.up_proj.weight");
        assertThat(models.problems(LINEAR))
                .containsExactly(
                        "tensor 'model.layers.1.mlp.up_proj.weight' is missing in 'two' but present in 'one' (and 1 more tensor) (r.yml:3:32); merge models of one architecture, or give TensorSet.UNION to merge each tensor among the models that have it, or TensorSet.INTERSECTION to leave such tensors out");
    }

    @Test
    void tensorsMissingInSomeModelOnRequest() throws IOException {
        models.get("two").without("model.layers.1.mlp.up_proj.weight");
        try (MergePlan union = models.plan(LINEAR, options(PlanOptions.TensorSet.UNION))) {
            assertThat(union.tasks()).hasSize(15);
            TensorTask survivor =
                    union.tasks().stream()
                            .filter(t -> t.sources().size() == 1)
                            .findFirst()
                            .orElseThrow();
            assertThat(survivor.output().name()).isEqualTo("model.layers.1.mlp.up_proj.weight");
            assertThat(survivor.action()).isEqualTo("passthrough");
        }
        try (MergePlan common = models.plan(LINEAR, options(PlanOptions.TensorSet.INTERSECTION))) {
            assertThat(common.tasks()).hasSize(14);
            assertThat(common.warnings().toString())
                    .contains("1 tensors that only some models have are left out");
        }
    }

    @Test
    void buffersMayBeMissing() throws IOException {
        models.get("two").tensor("model.layers.0.self_attn.rotary_emb.inv_freq", 4);
        try (MergePlan plan = models.plan(LINEAR)) {
            assertThat(plan.tasks()).hasSize(16);
        }
    }

    @Test
    void shapesThatDiffer() {
        models.get("two").tensor("model.layers.2.self_attn.q_proj.weight", 8, 9);
        assertThat(models.problems(LINEAR))
                .containsExactly(
                        "shape of tensor 'model.layers.2.self_attn.q_proj.weight' in 'two': expected [8, 8] as in 'one', got [8, 9] (r.yml:3:32); models of different sizes cannot be merged");
    }

    @Test
    void vocabulariesThatDiffer() {
        models.get("two")
                .tensor("lm_head.weight", 40, 8)
                .tensor("model.embed_tokens.weight", 40, 8);
        assertThat(models.problems(LINEAR))
                .containsExactly(
                        "shape of tensor 'model.embed_tokens.weight' in 'two' (and 1 more tensor): expected [32, 8] as in 'one', got [40, 8] (r.yml:3:32); the vocabularies differ: 32 and 40 rows; add 'tokenizer: {source: union}' to the recipe, or 'tokenizer: {source: base}' to keep the tokens of the base or first model");
    }

    @Test
    void sizesThatDiffer() {
        models.get("two").tensor("model.embed_tokens.weight", 32, 9);
        assertThat(models.problems(LINEAR))
                .containsExactly(
                        "shape of tensor 'model.embed_tokens.weight' in 'two': expected [32, 8] as in 'one', got [32, 9] (r.yml:3:32); models of different sizes cannot be merged");
    }

    @Test
    void typesThatDoNotMix() {
        models.get("two").tensor("model.norm.weight", DType.U8, 8);
        assertThat(models.problems(LINEAR))
                .containsExactly(
                        "type of tensor 'model.norm.weight' in 'two': expected F32 as in 'one', got U8 (r.yml:3:32); a quantised model must be dequantised before it is merged");
    }

    @Test
    void quantisedModelsThatAreReadAreSaid() throws IOException {
        models.get("two").quantised("NF4", true, false);
        try (MergePlan plan = models.plan(LINEAR)) {
            assertThat(plan.warnings())
                    .extracting(Object::toString)
                    .containsExactly(
                            "model 'two' is quantised (NF4) (r.yml:3:32); its weights are dequantised, and the output is not quantised");
        }
        String differences =
                "merge_method: task_arithmetic\nbase_model: one\nmodels: [{model: two, parameters: {weight: 1}}]\ndtype: float32\n";
        try (MergePlan plan = models.plan(differences)) {
            assertThat(plan.warnings().toString())
                    .contains("its differences to the base contain the rounding");
        }
    }

    @Test
    void modelsWithScalesElsewhereAreNotCombined() throws IOException {
        models.get("two").quantised("AWQ", true, true);
        assertThat(models.problems(LINEAR))
                .containsExactly(
                        "model 'two' is quantised with AWQ, which moves scales between its tensors: no single one can be merged with another model's (r.yml:3:32); merge the model it was made from, or give PlanOptions.allowRescaled(true) to merge it all the same");
        try (MergePlan plan = models.plan(LINEAR, PlanOptions.DEFAULT.allowRescaled(true))) {
            assertThat(plan.warnings().toString())
                    .contains("merged with tensors of other scales, as was asked for (r.yml:3:32)");
        }
        String alone =
                "merge_method: linear\nmodels: [{model: two, parameters: {weight: 1}}]\ndtype: float32\n";
        try (MergePlan plan = models.plan(alone)) {
            assertThat(plan.warnings()).hasSize(1);
        }
        String stack =
                "merge_method: passthrough\nslices: [{sources: [{model: one, layer_range: [0, 1]}]}, {sources: [{model: two, layer_range: [0, 1]}]}]\n";
        try (MergePlan plan = models.plan(stack)) {
            assertThat(plan.warnings().toString()).contains("is quantised (AWQ)");
        }
    }

    @Test
    void quantisedModels() throws IOException {
        models.get("two").quantised("hqq", false, false);
        assertThat(models.problems(LINEAR))
                .containsExactly(
                        "model 'two' is quantised in a format that is not read: hqq (r.yml:3:32); merge the unquantised model, or load this one with its library and save it dense");
        String copy = "merge_method: passthrough\nmodels: [{model: two}]\n";
        try (MergePlan plan = models.plan(copy)) {
            assertThat(plan.tasks()).hasSize(15);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "slerp | base | one, two | models for 'slerp' besides the base: expected exactly 1, got 2 (r.yml:1:15); leave the others out, or choose a method that merges more",
                "slerp | base | base | models for 'slerp' besides the base: expected exactly 1, got 0 (r.yml:1:15); add models",
                "passthrough | | one, two | models for 'passthrough': expected exactly 1, got 2 (r.yml:1:15); leave the others out, or choose a method that merges more",
                "passthrough | base | one | models for 'passthrough': expected exactly 1, got 2 (r.yml:1:15); 'base_model' counts as one more model for 'passthrough'; leave it out",
                "slerp | | one, two | 'slerp' needs a base model (r.yml:1:15); add 'base_model: <path>'",
                "ties | | one, two | 'ties' needs a base model (r.yml:1:15); add 'base_model: <path>'",
                "dare_linear | | one | 'dare_linear' needs a base model (r.yml:1:15); add 'base_model: <path>'",
            })
    void countsOfModels(String method, String base, String names, String problem) {
        StringBuilder recipe = new StringBuilder("merge_method: " + method + "\nmodels:\n");
        for (String name : names.split(", ")) {
            recipe.append("  - {model: ").append(name).append("}\n");
        }
        recipe.append("parameters: {weight: 1, t: 0.5, scale: 1}\n");
        if (base != null) {
            recipe.append("base_model: ").append(base).append('\n');
        }
        assertThat(models.problems(recipe.toString())).containsExactly(problem);
    }

    @Test
    void baseThatIsNotInTheSlice() {
        assertThat(
                        models.problems(
                                """
                                merge_method: ties
                                base_model: base
                                slices:
                                  - sources:
                                      - {model: one, layer_range: [0, 4]}
                                      - {model: two, layer_range: [0, 4]}
                                parameters: {weight: 1}
                                """))
                .containsExactly(
                        "base model 'base' is not among a slice's sources (r.yml:2:13); with 'slices' the base must be a source of every slice");
    }

    @Test
    void baseThatLacksATensor() {
        models.get("base").without("model.norm.weight").without("lm_head.weight");
        models.get("base").config("{\"tie_word_embeddings\": false}");
        assertThat(models.problems(TIES, options(PlanOptions.TensorSet.UNION)))
                .containsExactly(
                        "base model 'base' has no tensor 'model.norm.weight' (and 1 more tensor) (r.yml:1:15); the base must have every tensor 'ties' merges");
    }

    @Test
    void rangesBeyondTheModelAndUnequal() {
        assertThat(
                        models.problems(
                                """
                                merge_method: linear
                                slices:
                                  - sources:
                                      - {model: one, layer_range: [0, 2]}
                                      - {model: two, layer_range: [0, 3]}
                                  - sources:
                                      - {model: one, layer_range: [2, 5]}
                                parameters: {weight: 1}
                                """))
                .containsExactly(
                        "'layer_range' of model 'two': expected 2 layers as in the slice's first source, got 3 (r.yml:5:9); take as many layers from every source of a slice",
                        "'layer_range' of model 'one': expected an end of at most 4, the number of its layers, got 5 (r.yml:7:9); layers are counted from 0; the end is exclusive");
    }

    @Test
    void depthsThatDiffer() {
        models.llama("deep", 6);
        assertThat(models.problems(LINEAR.replace("two", "deep")))
                .contains(
                        "layers 'model.layers.N' of model 'deep': expected 4 as in 'one', got 6 (r.yml:3:32); choose layers with 'slices', or merge models of one depth");
    }

    @Test
    void slicesOfModelsWithoutOneStack() {
        models.add(new Models.Header("flat").tensor("fc1.weight", 2).tensor("fc2.weight", 2));
        Models.Header pair = new Models.Header("pair");
        for (String side : new String[] {"encoder", "decoder"}) {
            pair.tensor(side + ".layers.0.w", 2).tensor(side + ".layers.1.w", 2);
        }
        models.add(pair);
        String recipe =
                """
                merge_method: passthrough
                slices:
                  - sources: [{model: NAME, layer_range: [0, 1]}]
                  - sources: [{model: NAME, layer_range: [1, 2]}]
                """;
        assertThat(models.problems(recipe.replace("NAME", "flat")))
                .containsExactly(
                        "layer stacks of model 'flat': expected one, got none (r.yml:3:23); its tensor names have no numbered layers; use 'models' instead of 'slices'");
        assertThat(models.problems(recipe.replace("NAME", "pair")))
                .containsExactly(
                        "layer stacks of model 'pair': expected one, got 'encoder.layers.N', 'decoder.layers.N' (r.yml:3:23); give each part its slices or models under 'modules': 'encoder', 'decoder'");
    }

    @Test
    void missingParameters() {
        assertThat(models.problems(LINEAR.replace("parameters: {weight: 1}\n", "")))
                .containsExactly(
                        "parameter 'weight' of model 'one' has no value (r.yml:1:15); 'linear' needs it: add 'weight' under the model's or the recipe's 'parameters'",
                        "parameter 'weight' of model 'two' has no value (r.yml:1:15); 'linear' needs it: add 'weight' under the model's or the recipe's 'parameters'");
        assertThat(
                        models.problems(
                                "merge_method: slerp\nbase_model: base\nmodels: [{model: one}]\n"))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("parameter 't' has no value (r.yml:1:15)");
    }

    @Test
    void baseNeedsNoWeightUnlessItIsAnOrdinaryModel() throws IOException {
        String recipe =
                """
                merge_method: METHOD
                base_model: base
                models:
                  - {model: one, parameters: {weight: 1}}
                  - {model: two, parameters: {weight: 1}}
                """;
        try (MergePlan plan = models.plan(recipe.replace("METHOD", "ties"))) {
            assertThat(plan.tasks().get(0).call().base()).isEqualTo(2);
        }
        assertThat(models.problems(recipe.replace("METHOD", "linear")))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("parameter 'weight' of model 'base' has no value");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "weight: heavy | parameter 'weight': expected a finite number, got 'heavy' (r.yml:4:22)",
                "weight: 1, normalize: 2 | parameter 'normalize': expected true or false, got '2' (r.yml:4:36)",
                "weight: 1, rescale: maybe | parameter 'rescale': expected true (or l1), false or density, got 'maybe' (r.yml:4:34)",
                "weight: 1, lambda: .inf | parameter 'lambda': expected a finite number, got .inf (r.yml:4:33)",
            })
    void valuesOfAWrongKind(String parameters, String problem) {
        assertThat(models.problems(TIES.replace("weight: 1", parameters))).containsExactly(problem);
    }

    @Test
    void weightsThatSumToZero() {
        assertThat(
                        models.problems(
                                """
                                merge_method: linear
                                models:
                                  - {model: one, parameters: {weight: 0.5}}
                                  - {model: two, parameters: {weight: -0.5}}
                                """))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("weights of tensor 'model.embed_tokens.weight'")
                .contains("expected a sum other than 0, got 0 (r.yml:1:15)");
    }

    @Test
    void unknownParametersAreWarnings() throws IOException {
        String recipe = TIES.replace("weight: 1", "weight: 1, epsilon: 0.5, xyzzy: 1");
        String epsilon =
                "'epsilon' is not a parameter of 'ties' (r.yml:4:25); it has weight, density, normalize, lambda, rescale, trim_scope, sign_method, vote, equalize_norms, lines_alpha, lines_beta, int8_mask";
        String xyzzy =
                "'xyzzy' is not a parameter of 'ties' (r.yml:4:39); it has weight, density, normalize, lambda, rescale, trim_scope, sign_method, vote, equalize_norms, lines_alpha, lines_beta, int8_mask";
        try (MergePlan plan = models.plan(recipe)) {
            assertThat(plan.warnings().stream().map(Object::toString))
                    .containsExactly(epsilon, xyzzy);
        }
        PlanOptions strict =
                new PlanOptions(
                        0, PlanOptions.DEFAULT_SHARD_BYTES, PlanOptions.TensorSet.SAME, true);
        assertThat(models.problems(recipe, strict)).containsExactly(epsilon, xyzzy);
    }

    @Test
    void parametersThatNothingReadsAreWarnings() throws IOException {
        String recipe =
                """
                merge_method: wudi
                base_model: base
                models: [{model: one}, {model: two}]
                parameters: {steps: 3, ridge: 0.2}
                """;
        String steps =
                "parameter 'steps' has no effect with 'solver: closed' (r.yml:4:14); it is read with 'solver: adam': set that, or leave it out";
        String ridge =
                "parameter 'ridge' has no effect with 'solver: adam' (r.yml:4:36); it is read with 'solver: closed': set that, or leave it out";

        assertThat(warnings(recipe)).containsExactly(steps);
        assertThat(warnings(recipe.replace("{steps", "{solver: Adam, steps")))
                .containsExactly(ridge.replace("4:36", "4:38"));
        // What some tensors read has an effect; a default that is spelt out changes nothing.
        String some = "solver: [{filter: mlp, value: adam}, {value: closed}]";
        assertThat(warnings(recipe.replace("{steps", "{" + some + ", steps"))).isEmpty();
        assertThat(warnings(recipe.replace("steps: 3", "steps: 300"))).isEmpty();
    }

    private List<String> warnings(String recipe) throws IOException {
        try (MergePlan plan = models.plan(recipe)) {
            return plan.warnings().stream().map(Object::toString).toList();
        }
    }

    @Test
    void misspeltParametersAreErrors() throws IOException {
        String recipe = TIES.replace("weight: 1", "weight: 1, densty: 0.5");
        assertThat(models.problems(recipe))
                .containsExactly(
                        "'densty' is not a parameter of 'ties' (r.yml:4:25); did you mean 'density'?");
        // A parameter of another method is no misspelling, however near.
        models.plan(LINEAR.replace("weight: 1", "weight: 1, scale: 1")).close();
    }

    @Test
    void filtersOfNoTensorAreSaidWithTheNearestName() throws IOException {
        String filters =
                "weight: [{filter: ebmed_tokens, value: 2}, {filter: norm, value: 2}, {value: 1}]";
        try (MergePlan plan = models.plan(LINEAR.replace("weight: 1", filters))) {
            assertThat(plan.warnings().toString())
                    .contains("filter 'ebmed_tokens' of parameter 'weight' matches no tensor")
                    .contains("did you mean 'embed_tokens'?")
                    .doesNotContain("'norm'");
        }
    }

    @Test
    void doublesAreSaidToBeRounded() throws IOException {
        models.get("two").tensor("model.norm.weight", DType.F64, 8);
        try (MergePlan plan = models.plan(LINEAR)) {
            assertThat(plan.warnings().toString())
                    .contains("1 float64 tensor is merged in float32 arithmetic");
        }
    }

    @Test
    void everythingIsReportedTogether() {
        models.get("two")
                .without("model.layers.0.mlp.up_proj.weight")
                .tensor("model.norm.weight", 9)
                .tensor("model.layers.1.input_layernorm.weight", DType.BOOL, 8)
                .quantised("hqq", false, false);
        assertThat(models.problems(LINEAR.replace("{weight: 1}", "{weight: heavy}")))
                .hasSize(5)
                .anySatisfy(p -> assertThat(p).contains("is missing in 'two'"))
                .anySatisfy(p -> assertThat(p).startsWith("shape of tensor 'model.norm.weight'"))
                .anySatisfy(p -> assertThat(p).startsWith("type of tensor"))
                .anySatisfy(p -> assertThat(p).startsWith("parameter 'weight'"))
                .anySatisfy(p -> assertThat(p).contains("is quantised"));
    }

    @Test
    void modelsAreClosedWhenPlanningFails() {
        models.get("one").tellWhenClosed(models);
        models.get("two").tellWhenClosed(models).tensor("model.norm.weight", 9);
        assertThat(models.problems(LINEAR)).hasSize(1);
        assertThat(models.open()).isEmpty();
    }

    @Test
    void modelsAreClosedWithThePlan() throws IOException {
        models.get("one").tellWhenClosed(models);
        models.get("two").tellWhenClosed(models);
        try (MergePlan plan = models.plan(LINEAR)) {
            assertThat(plan.models()).hasSize(2);
            assertThat(models.open()).containsExactly("one", "two");
        }
        assertThat(models.open()).isEmpty();
    }

    private static PlanOptions options(PlanOptions.TensorSet tensors) {
        return new PlanOptions(0, PlanOptions.DEFAULT_SHARD_BYTES, tensors, false);
    }

    @Test
    void aModelThatIsNotThereHidesNothing() {
        models.get("two").tensor("model.norm.weight", 9);
        String recipe =
                """
                merge_method: slerp
                base_model: gone
                models: [{model: one}, {model: two}, {model: one}]
                """;
        assertThat(models.problems(recipe))
                .containsExactly(
                        "models for 'slerp' besides the base: expected exactly 1, got 2 (r.yml:1:15); leave the others out, or choose a method that merges more",
                        "parameter 't' has no value (r.yml:1:15); 'slerp' needs it: add 't' under the recipe's 'parameters'",
                        "model 'one' is listed twice (r.yml:3:46); list it once",
                        "no model 'gone' (r.yml:2:13)",
                        "shape of tensor 'model.norm.weight' in 'two': expected [8] as in 'one', got [9] (r.yml:3:32); models of different sizes cannot be merged");
    }

    @Test
    void aModelThatCannotBeReadHidesNothing() {
        assertThat(models.problems(LINEAR.replace("one", "locked").replace("weight: 1", "")))
                .hasSize(3)
                .contains(
                        "model 'locked' cannot be read: no permission for 'locked/model.safetensors' (r.yml:3:18); check its permissions and links");
    }

    @Test
    void anEmptyListIsNotTakenForAFilter() {
        assertThat(models.problems(LINEAR.replace("weight: 1", "weight: []")))
                .allMatch(problem -> problem.endsWith("; its list is empty: write a number in it"))
                .isNotEmpty();
    }

    @Test
    void tooManyOpenFilesAreNoFaultOfTheModel() {
        assertThatThrownBy(() -> models.plan(LINEAR.replace("one", "crowded")))
                .isInstanceOfSatisfying(
                        BadInputException.class,
                        e ->
                                assertThat(e.problems())
                                        .hasSize(1)
                                        .allMatch(p -> p.kind() == Problem.Kind.STORAGE)
                                        .first()
                                        .hasToString(
                                                "model 'crowded' cannot be read: too many open files (r.yml:3:18); raise the limit with 'ulimit -n', or merge fewer shards"));
    }

    @Test
    void filtersAreTriedOnTheModelsThatAreThere() {
        assertThat(
                        models.problems(
                                """
                                merge_method: linear
                                models:
                                  - {model: gone, parameters: {weight: 1}}
                                  - {model: one, parameters: {weight: {filter: layers, value: 1}}}
                                """))
                .containsExactly(
                        "no model 'gone' (r.yml:3:13)",
                        "parameter 'weight' of model 'one' has no value for tensor 'model.embed_tokens.weight' (and 2 more tensors) (r.yml:4:31); its filters leave this tensor out: add '- value: ...' for all others");
    }

    @Test
    void slicesOfAModelThatIsNotThere() {
        models.get("two").tensor("model.layers.1.mlp.up_proj.weight", 3, 8);
        assertThat(
                        models.problems(
                                """
                                merge_method: linear
                                slices:
                                  - sources:
                                      - {model: gone, layer_range: [0, 2]}
                                      - {model: one, layer_range: [0, 2], parameters: {weight: 1}}
                                      - {model: two, layer_range: [0, 2], parameters: {weight: 1}}
                                """))
                .containsExactly(
                        "parameter 'weight' of model 'gone' has no value (r.yml:1:15); 'linear' needs it: add 'weight' under the model's or the recipe's 'parameters'",
                        "no model 'gone' (r.yml:4:17)",
                        "shape of tensor 'model.layers.1.mlp.up_proj.weight' in 'two': expected [16, 8] as in 'one', got [3, 8] (r.yml:6:17); models of different sizes cannot be merged");
    }

    @Test
    void warningsComeWithTheProblems() {
        BadInputException e =
                assertThrows(
                        BadInputException.class,
                        () ->
                                models.plan(
                                        LINEAR.replace("two", "gone")
                                                .replace("weight: 1", "weight: 1, xyzzy: 1")));
        assertThat(e.warnings().toString()).contains("'xyzzy' is not a parameter of 'linear'");
        assertThat(e.problems()).hasSize(1);
    }

    @Test
    void whatAMethodSaysOfOneTensorIsCountedAndOfTheRecipeIsNot() {
        models.get("one").tensor("x", 1);
        models.get("two").tensor("x", 1);
        // The message of the recipe names what happens to be a tensor too.
        assertThat(models.problems(TIES.replace("weight: 1", "weight: 1, rescale: x")))
                .filteredOn(p -> p.contains("rescale"))
                .singleElement()
                .asString()
                .doesNotContain("alike");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "density: 1.5 | got 1.5 (r.yml:4:34); 1 keeps every element, 0.1 a tenth of them; 1.5 % is written 0.015",
                "density: -1e300 | got -1.0E300 (r.yml:4:34); 1 keeps every element, 0.1 a tenth of them",
                "density: '30' | got 30 (r.yml:4:34); 1 keeps every element, 0.1 a tenth of them; 30 % is written 0.3",
            })
    void sharesAreFromZeroToOne(String parameter, String problem) {
        for (String method : new String[] {"ties", "dare_ties", "dare_linear"}) {
            assertThat(
                            models.problems(
                                    TIES.replace("ties", method)
                                            .replace("weight: 1", "weight: 1, " + parameter)))
                    .containsExactly(
                            "parameter 'density': expected a number from 0 to 1, " + problem);
        }
    }

    @Test
    void aSingleOverridingArchitectureNeedsAConfig() throws IOException {
        String recipe =
                "merge_method: passthrough\nmodels: [{model: {model: one, override_architecture: X}}]\n";
        try (MergePlan plan = models.plan(recipe)) {
            assertThat(plan.configChanges().architecture()).contains("X");
            assertThat(plan.warnings().toString())
                    .contains(
                            "'override_architecture' has no effect: model 'one' has no config.json");
        }
        models.get("one").config("{}");
        try (MergePlan plan = models.plan(recipe)) {
            assertThat(plan.warnings()).isEmpty();
        }
    }
}
