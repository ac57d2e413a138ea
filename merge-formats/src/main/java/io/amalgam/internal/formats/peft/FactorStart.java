package io.amalgam.internal.formats.peft;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.LoraModule.Start;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The base an adapter was trained on, by {@code init_lora_weights}. */
final class FactorStart {
    /** Ways to begin that leave the base as it is. */
    private static final Set<String> HARMLESS = Set.of("gaussian", "eva", "orthogonal", "mica");

    private FactorStart() {}

    static Start of(JsonNode value, Path file, List<Problem> problems) {
        if (value.isMissingNode() || value.isNull() || value.isBoolean()) {
            return Start.NOTHING;
        }
        String name = value.isTextual() ? value.textValue().toLowerCase(Locale.ROOT) : "";
        if (HARMLESS.contains(name)) {
            return Start.NOTHING;
        }
        if (name.equals("pissa")) {
            return Start.PISSA;
        }
        if (name.equals("olora")) {
            return Start.OLORA;
        }
        problems.add(
                Problem.expected(
                                "'init_lora_weights'",
                                "a start that is known and can be computed again",
                                "'" + value.asText(value.toString()) + "'" + reason(name))
                        .at("'" + file + "'")
                        .hint(
                                "save it again with PEFT's"
                                        + " 'path_initial_model_for_weight_conversion'; or set true here"
                                        + " and merge it into the changed base that training began with"));
        return Start.NOTHING;
    }

    private static String reason(String name) {
        if (name.startsWith("pissa_niter_")) {
            return ", which draws random numbers that are not kept";
        }
        if (name.startsWith("corda") || name.equals("lora_ga")) {
            return ", which is computed from data";
        }
        return name.equals("loftq") ? ", which changes the base by quantising it" : "";
    }
}
