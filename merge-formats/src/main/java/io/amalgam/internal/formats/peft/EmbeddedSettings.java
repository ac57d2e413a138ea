package io.amalgam.internal.formats.peft;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.huggingface.JsonFiles;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Settings that diffusers writes into the header of an adapter's file, in place of alphas: each
 * with the part of the pipeline that it is for, or with none.
 */
final class EmbeddedSettings {
    static final String KEY = "lora_adapter_metadata";

    static final EmbeddedSettings NONE = new EmbeddedSettings();

    private static final ObjectMapper JSON = JsonMapper.builder().build();

    private final Map<String, PeftConfig> parts = new LinkedHashMap<>();
    private final Map<String, Boolean> doras = new LinkedHashMap<>();

    private EmbeddedSettings() {}

    /** Reads them; what is wrong with them goes to the problems, or is warned about. */
    static EmbeddedSettings of(Checkpoint file, List<Problem> problems, List<Problem> warnings) {
        EmbeddedSettings settings = new EmbeddedSettings();
        String text = file.metadata().get(KEY);
        if (text == null) {
            return settings;
        }
        Path path = file.path();
        Map<String, ObjectNode> nodes = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : object(text, path, problems).properties()) {
            int dot = entry.getKey().lastIndexOf('.');
            nodes.computeIfAbsent(
                            entry.getKey().substring(0, Math.max(dot, 0)),
                            unused -> JSON.createObjectNode().put("peft_type", "LORA"))
                    .set(entry.getKey().substring(dot + 1), entry.getValue());
        }
        nodes.forEach(
                (part, node) -> {
                    PeftConfig read = PeftConfig.read(node, path, problems, warnings);
                    if (!read.parameters().targets().isEmpty()) {
                        problems.add(
                                Problem.of("'target_parameters' in '" + KEY + "' is not supported")
                                        .at("'" + path + "'")
                                        .hint("merge it with the tool it was trained with"));
                    }
                    settings.parts.put(part, read);
                    settings.doras.put(part, node.path("use_dora").asBoolean(false));
                });
        return settings;
    }

    private static ObjectNode object(String text, Path path, List<Problem> problems) {
        JsonNode read = JSON.nullNode();
        try {
            read = JSON.readTree(text);
        } catch (JsonProcessingException e) {
            // Told below, as any other text that is no object.
        }
        if (read instanceof ObjectNode object) {
            return object;
        }
        problems.add(
                Problem.of("'" + KEY + "' in the header of the file is not a JSON object")
                        .at("'" + path + "'")
                        .hint(JsonFiles.DAMAGED));
        return JSON.createObjectNode();
    }

    private String part(String module) {
        String part = module.substring(0, Math.max(0, module.indexOf('.')));
        return parts.containsKey(part) ? part : "";
    }

    /** Those of the part that a module is of. */
    Optional<PeftConfig> of(String module) {
        return Optional.ofNullable(parts.get(part(module)));
    }

    /** Whether a module has a magnitude vector. */
    boolean dora(String module) {
        return doras.getOrDefault(part(module), false);
    }
}
