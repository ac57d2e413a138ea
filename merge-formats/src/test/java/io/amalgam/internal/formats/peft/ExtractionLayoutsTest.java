package io.amalgam.internal.formats.peft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.lora.apply.LoraCheckpoint;
import io.amalgam.internal.lora.extract.ExtractOptions;
import io.amalgam.internal.lora.extract.Extraction;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is extracted fits the modules PEFT finds, for one architecture after another. What
 * transformers makes of their files is in {@code golden/lora/layouts}, written by {@code
 * tools/peft/make-layouts.py}; what PEFT does with settings and names is repeated here.
 */
class ExtractionLayoutsTest {
    private static final Path LAYOUTS = Path.of("src/test/resources/golden/lora/layouts");
    private static final String PREFIX = "base_model.model.";

    @TempDir private Path folder;

    private final Map<String, String> kinds = new LinkedHashMap<>();
    private final Map<String, Set<String>> states = new HashMap<>();
    private JsonNode config = new ObjectMapper().createObjectNode();
    private Set<String> keys = Set.of();

    static List<String> layouts() throws IOException {
        try (Stream<Path> files = Files.list(LAYOUTS)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".json"))
                    .sorted()
                    .toList();
        }
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void everyTensorHasAPlace(String name) throws IOException {
        extract(new ObjectMapper().readTree(LAYOUTS.resolve(name).toFile()), 3);
        Set<String> expected = new TreeSet<>();
        Map<String, Integer> wrapped = new HashMap<>();
        for (JsonNode target : config.path("target_modules")) {
            String module = target.asText();
            assertThat(matches("." + module)).as("modules that end with %s", module).isEmpty();
            assertThat(kinds.get(module)).as(module).isIn("linear", "conv1d");
            assertThat(keys(module, states.get(module).contains("bias"))).isSubsetOf(keys);
            expected.addAll(keys(module, states.get(module).contains("bias")));
            wrapped.merge(module, 1, Integer::sum);
        }
        for (JsonNode target : config.path("target_parameters")) {
            String module = target.asText().replaceFirst("\\.[^.]+$", "");
            String parameter = target.asText().substring(module.length() + 1);
            assertThat(states.get(module)).as(module).contains(parameter);
            wrapped.merge(module, 1, Integer::sum);
        }
        for (Map.Entry<String, Integer> module : wrapped.entrySet()) {
            for (int i = 0; i < module.getValue(); i++) {
                expected.addAll(keys(module.getKey() + ".base_layer".repeat(i), false));
            }
        }
        boolean bias = config.path("lora_bias").asBoolean();
        assertThat(bias && config.path("target_parameters").size() > 0).isFalse();
        List<String> saved = saved();
        for (String module : saved) {
            assertThat(saved).as("within %s", module).noneMatch(s -> s.startsWith(module + "."));
            for (String key : states.keySet()) {
                if (key.equals(module) || key.startsWith(module + ".")) {
                    assertThat(wrapped).as("%s in a saved module", key).doesNotContainKey(key);
                    states.get(key).forEach(own -> expected.add(PREFIX + key + "." + own));
                }
            }
        }
        Set<String> rest = new TreeSet<>(keys);
        rest.removeAll(expected);
        for (String key : rest) {
            String plain = key.substring(PREFIX.length());
            String module = plain.replaceFirst("\\.[^.]+$", "");
            int inside = (module.length() - module.replace(".base_layer", "").length()) / 11;
            module = module.replace(".base_layer", "");
            String own = plain.substring(plain.lastIndexOf('.') + 1);
            assertThat(wrapped.getOrDefault(module, 0)).as(key).isEqualTo(inside);
            boolean root = !plain.contains(".");
            boolean tied = config.path("ensure_weight_tying").asBoolean() && own.equals("weight");
            assertThat(root || tied || states.getOrDefault(module, Set.of()).contains(own))
                    .as(key)
                    .isTrue();
        }
        expected.removeIf(key -> !key.contains("lora_"));
        assertThat(keys).containsAll(expected);
    }

    private Set<String> keys(String module, boolean hasBias) {
        Set<String> all = new TreeSet<>();
        all.add(PREFIX + module + ".lora_A.weight");
        all.add(PREFIX + module + ".lora_B.weight");
        if (hasBias && config.path("lora_bias").asBoolean()) {
            all.add(PREFIX + module + ".lora_B.bias");
        }
        return all;
    }

    /** Modules that PEFT copies, which it finds by the ends of their names. */
    private List<String> saved() {
        List<String> ends = new ArrayList<>();
        config.path("modules_to_save").forEach(module -> ends.add(module.asText()));
        switch (config.path("task_type").asText()) {
            case "SEQ_CLS", "TOKEN_CLS" -> ends.addAll(List.of("classifier", "score"));
            case "QUESTION_ANS" -> ends.add("qa_outputs");
            default -> {}
        }
        return ends.stream().flatMap(end -> matches(end).stream()).distinct().toList();
    }

    private List<String> matches(String end) {
        return kinds.keySet().stream().filter(module -> module.endsWith(end)).toList();
    }

    private void extract(JsonNode layout, int rank) throws IOException {
        layout.path("modules")
                .properties()
                .forEach(
                        module -> {
                            kinds.put(module.getKey(), module.getValue().path(0).asText());
                            Set<String> own = new HashSet<>();
                            for (int i = 1; i < module.getValue().size(); i++) {
                                own.add(module.getValue().path(i).asText());
                            }
                            states.put(module.getKey(), own);
                        });
        Adapters adapters = new Adapters(folder);
        List<NamedTensor> before = new ArrayList<>();
        List<NamedTensor> after = new ArrayList<>();
        layout.path("files")
                .properties()
                .forEach(
                        file -> {
                            long[] dims = new long[file.getValue().size()];
                            for (int i = 0; i < dims.length; i++) {
                                dims[i] = file.getValue().path(i).asLong();
                            }
                            before.add(adapters.random(file.getKey(), dims));
                            after.add(adapters.random(file.getKey(), dims));
                        });
        Path base = adapters.model("base", before.toArray(new NamedTensor[0]));
        Path tuned = adapters.model("tuned", after.toArray(new NamedTensor[0]));
        for (Path model : List.of(base, tuned)) {
            Files.writeString(model.resolve("config.json"), layout.path("config").toString());
        }
        ModelLoader formats = ModelLoader.load();
        Path out = folder.resolve("out");
        try (Checkpoint from = formats.open(tuned, "tuned");
                Checkpoint origin = formats.open(base, "base")) {
            ExtractOptions options = ExtractOptions.ofRank(rank);
            new PeftFormat()
                    .write(
                            out,
                            Extraction.of(from, origin, "base", options, Optional.empty())
                                    .adapter());
        }
        config = new ObjectMapper().readTree(out.resolve("adapter_config.json").toFile());
        try (SafetensorsFile file =
                SafetensorsFile.open(out.resolve("adapter_model.safetensors"), "out")) {
            keys = new TreeSet<>(file.tensors().keySet());
        }
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void mergedIntoTheBaseItIsTheFineTune(String name) throws IOException {
        extract(new ObjectMapper().readTree(LAYOUTS.resolve(name).toFile()), 1000);
        try (LoraCheckpoint merged =
                        Adapters.merged(folder.resolve("base"), folder.resolve("out"));
                Checkpoint wanted = ModelLoader.load().open(folder.resolve("tuned"), "tuned")) {
            for (TensorSource tensor : wanted.tensors().values()) {
                TensorSource got = merged.tensors().get(tensor.info().name());
                assertThat(Adapters.read(got, 4096))
                        .as(tensor.info().name())
                        .containsExactly(Adapters.read(tensor, 4096), within(2e-4f));
            }
            Set<String> more = new TreeSet<>(merged.tensors().keySet());
            more.removeAll(wanted.tensors().keySet());
            boolean tied = config.path("ensure_weight_tying").asBoolean();
            assertThat(more).isSubsetOf(tied ? Set.of("lm_head.weight") : Set.of());
        }
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void shapesOfFactorsAreTheModules(String name) throws IOException {
        JsonNode layout = new ObjectMapper().readTree(LAYOUTS.resolve(name).toFile());
        extract(layout, 3);
        Map<String, Shape> shapes = new HashMap<>();
        try (SafetensorsFile file =
                SafetensorsFile.open(
                        folder.resolve("out").resolve("adapter_model.safetensors"), "out")) {
            file.tensors().forEach((key, tensor) -> shapes.put(key, tensor.info().shape()));
        }
        for (JsonNode target : config.path("target_modules")) {
            String module = target.asText();
            JsonNode stored = layout.path("files").path(module + ".weight");
            if (stored.isMissingNode()) {
                continue;
            }
            boolean flipped = kinds.get(module).equals("conv1d");
            assertThat(shapes.get(PREFIX + module + ".lora_A.weight").dim(1))
                    .as(module)
                    .isEqualTo(stored.path(flipped ? 0 : 1).asLong());
            assertThat(shapes.get(PREFIX + module + ".lora_B.weight").dim(0))
                    .as(module)
                    .isEqualTo(stored.path(flipped ? 1 : 0).asLong());
        }
        boolean conv1d = kinds.containsValue("conv1d");
        assertThat(config.path("fan_in_fan_out").asBoolean()).isEqualTo(conv1d);
    }
}
