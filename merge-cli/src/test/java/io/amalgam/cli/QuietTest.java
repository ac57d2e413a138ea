package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.cli.console.ExitCode;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --quiet} and {@code --json} mean the same everywhere. */
class QuietTest {
    @TempDir Path folder;

    @BeforeEach
    void models() throws IOException {
        Models.averageRecipe(folder);
        Path adapter = Files.createDirectories(folder.resolve("l"));
        Files.writeString(
                adapter.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": 1, \"lora_alpha\": 1}");
        String module = "base_model.model.model.layers.0.up.lora_";
        SafetensorsWriter.write(
                adapter.resolve("adapter_model.safetensors"),
                List.of(
                        Models.filled(module + "A.weight", 1, 1, 4),
                        Models.filled(module + "B.weight", 1, 4, 1)),
                Map.of());
    }

    private Cli run(String line, String option) {
        return Cli.run((Object[]) (line + " " + option).replace("./", folder + "/").split(" "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "methods",
                "methods ties",
                "doctor",
                "inspect ./a",
                "lora inspect ./l",
                "plan ./recipe.yml",
                "merge ./recipe.yml ./out --dry-run",
                "merge ./recipe.yml ./out",
                "batch ./recipe.yml ./all",
                "soup ./a ./b ./soup",
                "average ./a ./b ./average --last 2",
                "lora merge ./a ./l ./merged",
                "lora extract ./b ./a ./extracted --rank 1",
                "lora extract ./b ./a ./sparse.safetensors --sparse 1",
                "lora combine ./l ./l ./combined --method cat"
            })
    void everyCommand(String line) throws IOException {
        Cli document = run(line, "--quiet --json");
        assertThat(document.exit()).as(document.err()).isZero();
        assertThat(document.err()).isEmpty();
        assertThat(document.json().isObject()).isTrue();

        Cli quiet =
                run(
                        line.replace("./out", "./2").replace("./all", "./3"),
                        "--quiet" + (again(line) ? " --overwrite" : ""));

        assertThat(quiet).isEqualTo(new Cli(0, "", ""));
    }

    /** Whether it writes, and so must replace what it wrote. */
    private static boolean again(String line) {
        return line.matches("(soup|average|lora merge|lora extract|lora combine) .*");
    }

    @ParameterizedTest
    @ValueSource(strings = {"merge ./recipe.yml ./out", "plan ./recipe.yml", "soup ./a ./b ./soup"})
    void quietAndVerbose(String line) {
        Cli both = run(line, "--quiet --verbose");

        assertThat(both.exit()).isEqualTo(ExitCode.USAGE);
        assertThat(both.err()).contains("options '--quiet' and '--verbose' exclude each other");
    }

    @Test
    void extractsWriteAReport() throws IOException {
        assertThat(run("lora extract ./b ./a ./extracted --rank 1", "--quiet").exit()).isZero();

        assertThat(folder.resolve("extracted/amalgam-report.json"))
                .content()
                .contains("\"rank\"", "\"base\"", "\"warnings\"");
        assertThat(run("lora extract ./b ./a ./without --rank 1", "--no-report").exit()).isZero();
        assertThat(folder.resolve("without/amalgam-report.json")).doesNotExist();
    }
}
