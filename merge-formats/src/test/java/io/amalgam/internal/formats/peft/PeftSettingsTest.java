package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every setting is read, known to be harmless, refused, or warned about. */
class PeftSettingsTest {
    private final List<Problem> problems = new ArrayList<>();
    private final List<Problem> warnings = new ArrayList<>();

    @Test
    void everyKeyOfPeftIsKnown() throws IOException {
        List<String> keys =
                Files.readAllLines(Path.of("src/test/resources/golden/lora/lora-config-keys.txt"));

        assertThat(keys).hasSizeGreaterThan(40);
        assertThat(keys).allSatisfy(key -> assertThat(PeftSettings.use(key)).isPresent());
    }

    @ParameterizedTest
    @CsvSource({
        "use_qalora, true, 1, 0",
        "use_qalora, false, 0, 0",
        "use_bdlora, {\"nblocks\": 2}, 1, 0",
        "use_bdlora, {}, 0, 0",
        "layer_replication, [], 0, 0",
        "layer_replication, [1], 1, 0",
        "alora_invocation_tokens, [5], 1, 0",
        "arrow_config, {\"k\": 1}, 1, 0",
        "monteclora_config, {\"k\": 1}, 1, 0",
        "monteclora_config, null, 0, 0",
        "corda_config, {\"k\": 1}, 0, 0",
        "some_new_thing, 3, 0, 1",
        "some_new_thing, 0, 0, 1",
        "some_new_thing, true, 0, 1",
        "some_new_thing, null, 0, 0",
        "some_new_thing, '\"\"', 0, 0",
        "init_lora_weights, true, 0, 0",
        "init_lora_weights, '\"eva\"', 0, 0",
        "init_lora_weights, '\"pissa\"', 0, 0",
        "init_lora_weights, '\"pissa_niter_4\"', 1, 0",
        "init_lora_weights, '\"lora_ga\"', 1, 0",
        "init_lora_weights, 3, 1, 0",
        "lora_alpha, -4, 0, 0",
        "lora_alpha, 0, 0, 0",
        "lora_alpha, 2.5, 0, 0",
        "lora_alpha, '\"x\"', 1, 0",
        "r, 0, 1, 0",
        "r, -2, 1, 0"
    })
    void valuesAreJudged(String key, String value, int wrong, int unknown) throws IOException {
        String config = "{\"peft_type\": \"LORA\", \"" + key + "\": " + value + "}";

        PeftConfig.read(
                (ObjectNode) new ObjectMapper().readTree(config), Path.of("x"), problems, warnings);

        assertThat(problems).hasSize(wrong);
        assertThat(warnings).hasSize(unknown);
    }
}
