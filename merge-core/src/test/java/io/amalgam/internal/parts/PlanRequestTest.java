package io.amalgam.internal.parts;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.Recipe.QuantisedType;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlanRequestTest {
    @Test
    void everyOptionArrives() {
        PlanOptions options =
                new PlanOptions(
                        7,
                        8,
                        PlanOptions.TensorSet.UNION,
                        true,
                        false,
                        true,
                        Optional.of(new QuantisedType("fp8", Location.NONE)),
                        true);
        for (PlanOptions each : List.of(options, PlanOptions.DEFAULT)) {
            PlanRequest request =
                    new PlanRequest("r.yml", "merge_method: linear\n", List.of(Path.of("")), each);
            ObjectNode json = new ObjectMapper().createObjectNode();
            request.put(json);
            assertThat(PlanRequest.of(json)).isEqualTo(request);
        }
    }
}
