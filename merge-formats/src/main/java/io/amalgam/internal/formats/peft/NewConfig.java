package io.amalgam.internal.formats.peft;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.LowRankDelta;
import io.amalgam.internal.lora.NewAdapter;
import io.amalgam.internal.lora.ParameterFactors;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;

/**
 * {@code adapter_config.json} of a new adapter. Every module is named in full, so that the library
 * that reads it puts factors where there are some and nowhere else; alpha is the rank, so that all
 * scales are 1.
 */
final class NewConfig {
    private NewConfig() {}

    static ObjectNode of(NewAdapter adapter) {
        ObjectNode config =
                adapter.template()
                        .map(ObjectNode::deepCopy)
                        .orElseGet(JsonNodeFactory.instance::objectNode);
        config.put("peft_type", "LORA");
        config.put("base_model_name_or_path", adapter.base());
        if (!config.has("task_type")) {
            config.putNull("task_type");
        }
        int rank = commonRank(adapter);
        config.put("r", rank);
        config.put("lora_alpha", rank);
        config.put("lora_dropout", 0.0);
        config.put("inference_mode", true);
        config.put("init_lora_weights", true);
        config.put("use_rslora", false);
        config.put("use_dora", false);
        if (!config.has("bias")) {
            config.put("bias", "none");
        }
        config.put(
                "lora_bias",
                adapter.modules().stream().anyMatch(module -> module.bias().isPresent()));
        config.put(
                "fan_in_fan_out",
                adapter.modules().stream()
                        .anyMatch(module -> module.kind() == LoraModule.Kind.TRANSPOSED));
        ObjectNode ranks = config.putObject("rank_pattern");
        ObjectNode alphas = config.putObject("alpha_pattern");
        ArrayNode targets = config.putArray("target_modules");
        for (LowRankDelta module : adapter.modules()) {
            targets.add(module.module());
            if (module.rank() != rank) {
                ranks.put(module.module(), module.rank());
                alphas.put(module.module(), module.rank());
            }
        }
        ArrayNode parameters = JsonNodeFactory.instance.arrayNode();
        for (ParameterFactors factors : adapter.parameters()) {
            parameters.add(factors.name());
            if (factors.rank() != rank) {
                ranks.put(factors.name(), factors.rank());
                alphas.put(factors.name(), factors.rank());
            }
        }
        names(config, "target_parameters", parameters);
        ArrayNode saved = JsonNodeFactory.instance.arrayNode();
        new TreeSet<>(adapter.saved()).forEach(saved::add);
        names(config, "modules_to_save", saved);
        for (String unset :
                new String[] {"layers_to_transform", "layers_pattern", "exclude_modules"}) {
            config.putNull(unset);
        }
        return config;
    }

    private static void names(ObjectNode config, String key, ArrayNode names) {
        if (names.isEmpty()) {
            config.putNull(key);
        } else {
            config.set(key, names);
        }
    }

    /** The rank most modules have; of several the largest. */
    private static int commonRank(NewAdapter adapter) {
        Map<Integer, Integer> counts = new HashMap<>();
        adapter.modules().forEach(module -> counts.merge(module.rank(), 1, Integer::sum));
        adapter.parameters().forEach(factors -> counts.merge(factors.rank(), 1, Integer::sum));
        return counts.entrySet().stream()
                .max(
                        Map.Entry.<Integer, Integer>comparingByValue()
                                .thenComparing(Map.Entry.comparingByKey()))
                .map(Map.Entry::getKey)
                .orElse(1);
    }
}
