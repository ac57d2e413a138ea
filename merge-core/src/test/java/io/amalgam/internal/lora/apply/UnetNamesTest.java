package io.amalgam.internal.lora.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.lora.ModuleNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Names of U-Nets in both spellings, in pairs that diffusers' converter made. */
class UnetNamesTest {
    private static Map<String, String> pairs(String model) throws IOException {
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String line :
                Files.readAllLines(Path.of("src/test/resources/unet-names/" + model + ".txt"))) {
            String[] words = line.split(" ");
            pairs.put(words[0], words[1]);
        }
        assertThat(pairs).hasSizeGreaterThan(300);
        return pairs;
    }

    @ParameterizedTest
    @ValueSource(strings = {"sd1", "sdxl"})
    void bothWays(String model) throws IOException {
        Map<String, String> pairs = pairs(model);
        List<String> tensors = pairs.values().stream().map(name -> name + ".weight").toList();

        pairs.forEach(
                (numbered, named) -> {
                    assertThat(UnetNames.diffusers(numbered)).contains(named);
                    assertThat(UnetNames.original(named, tensors)).contains(numbered);
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"sd1", "sdxl"})
    void adaptersOfEitherNamingFindTheirTensors(String model) throws IOException {
        Map<String, String> pairs = pairs(model);
        ModuleMatcher file =
                matcher(
                        pairs.keySet().stream()
                                .map(name -> "model.diffusion_model." + name + ".weight")
                                .toList());
        ModuleMatcher folder =
                matcher(pairs.values().stream().map(name -> name + ".weight").toList());

        pairs.forEach(
                (numbered, named) -> {
                    for (String spelling :
                            List.of(
                                    "lora_unet_" + numbered.replace('.', '_'),
                                    "lora_unet_" + named.replace('.', '_'),
                                    "unet." + named)) {
                        assertThat(file.weight(spelling))
                                .contains("model.diffusion_model." + numbered + ".weight");
                        assertThat(folder.weight(spelling)).contains(named + ".weight");
                    }
                });
    }

    private static ModuleMatcher matcher(List<String> tensors) {
        return new ModuleMatcher(tensors, new ModuleNames(Optional.empty()));
    }
}
