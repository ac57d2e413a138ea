package io.amalgam.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.RemarkedCheckpoint;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A format without config.json says what the planner wants to know in its own way. */
class OwnFactsTest {
    private static final String RECIPE =
            """
            merge_method: linear
            models: [{model: one}, {model: two}]
            parameters: {weight: 1}
            """;

    private final Models models = models();

    private static Models models() {
        Models models = new Models();
        for (String name : List.of("one", "two")) {
            Models.Header header = new Models.Header(name);
            models.add(header);
            header.tensor("model.embed_tokens.weight", 32, 8)
                    .tensor("model.layers.0.mlp.up_proj.weight", 16, 8)
                    .tensor("lm_head.weight", 32, 8);
        }
        models.get("two").without("lm_head.weight");
        return models;
    }

    @Test
    void aTiedHeadIsTheEmbedding() throws IOException {
        models.get("two").facts(ModelFacts.NONE.tied(true));
        try (MergePlan plan = models.plan(RECIPE)) {
            assertThat(plan.tasks())
                    .filteredOn(task -> task.output().name().equals("lm_head.weight"))
                    .singleElement()
                    .satisfies(
                            head ->
                                    assertThat(head.sources().get(1).identity())
                                            .isEqualTo("two:model.embed_tokens.weight"));
        }
    }

    @Test
    void aHeadOfItsOwnIsMissing() {
        models.get("two").facts(ModelFacts.NONE.tied(false));
        assertThat(models.problems(RECIPE)).anyMatch(text -> text.contains("'lm_head.weight'"));
    }

    @Test
    void decoratorsPassThemOn() {
        ModelFacts own = ModelFacts.NONE.tied(false);
        Checkpoint remarked =
                new RemarkedCheckpoint(
                        models.get("one").facts(own), List.of(Problem.of("a remark")));
        assertThat(remarked.facts()).isEqualTo(own);
    }
}
