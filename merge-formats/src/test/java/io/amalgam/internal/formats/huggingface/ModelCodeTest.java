package io.amalgam.internal.formats.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Code that comes with a model is found by name, and nothing that is not the model's is taken. */
class ModelCodeTest {
    @TempDir Path temp;
    private Path path;
    private ModelDirectory model;

    @BeforeEach
    void directory() throws IOException {
        path = Files.createDirectory(temp.resolve("model"));
        model = new ModelDirectory(path).weights("model.safetensors", "a");
    }

    private void config(String autoMap) throws IOException {
        model.file("config.json", "{\"auto_map\": " + autoMap + "}");
    }

    private List<String> side() throws IOException {
        try (Checkpoint opened = new HuggingFaceFormat().open(path, "m")) {
            return opened.sideFiles().stream()
                    .map(file -> file.toString().replace('\\', '/'))
                    .toList();
        }
    }

    private List<String> missing() throws IOException {
        try (Checkpoint opened = new HuggingFaceFormat().open(path, "m")) {
            return opened.scripts().allMissing().stream().map(Problem::what).toList();
        }
    }

    @Test
    void takesWhatIsNamedAndWhatThatImports() throws IOException {
        config("{\"AutoConfig\": \"configuration_x.XConfig\", \"AutoModel\": \"modeling_x.X\"}");
        model.file("configuration_x.py", "from transformers import PretrainedConfig\n")
                .file(
                        "modeling_x.py",
                        "import torch\nfrom .configuration_x import (\n    XConfig,\n)\n"
                                + "try:\n    from .kernels import fast  # optional\n"
                                + "except ImportError:\n    fast = None\n")
                .file("kernels.py", "from . import deeper, not_a_module\n")
                .file("deeper.py", "")
                .file("setup.py", "");

        assertThat(side())
                .containsExactlyInAnyOrder(
                        "configuration_x.py", "modeling_x.py", "kernels.py", "deeper.py");
        assertThat(missing()).isEmpty();
    }

    @Test
    void takesPackagesAndWhatLiesAboveThem() throws IOException {
        config("{\"AutoModel\": \"modeling_x.X\"}");
        model.file("modeling_x.py", "from .parts.attention import A\nfrom .parts import norm, B\n")
                .file("shared.py", "")
                .file("parts/__init__.py", "")
                .file("parts/attention.py", "from ..shared import s\n")
                .file("parts/norm.py", "")
                .file("parts/unused.py", "");

        assertThat(side())
                .containsExactlyInAnyOrder(
                        "modeling_x.py",
                        "shared.py",
                        "parts/__init__.py",
                        "parts/attention.py",
                        "parts/norm.py");
        assertThat(missing()).isEmpty();
    }

    @Test
    void takesTheCodeOfTokenizersAndProcessorsAndTheirVocabularies() throws IOException {
        model.file(
                        "tokenizer_config.json",
                        "{\"auto_map\": {\"AutoTokenizer\": [\"tokenization_x.Slow\", null]}}")
                .file(
                        "tokenization_x.py",
                        "NAMES = {'vocab_file': 'words.bpe', \"other\": \"gone.bpe\"}\n")
                .file("words.bpe", "")
                .file("x.tiktoken", "")
                .file(
                        "processor_config.json",
                        "{\"image\": {\"auto_map\": {\"P\": \"image_x.I\"}}}")
                .file("image_x.py", "");

        assertThat(side())
                .containsExactlyInAnyOrder(
                        "tokenizer_config.json",
                        "tokenization_x.py",
                        "words.bpe",
                        "x.tiktoken",
                        "processor_config.json",
                        "image_x.py");
        try (Checkpoint opened = new HuggingFaceFormat().open(path, "m")) {
            assertThat(opened.scripts().tokenizer())
                    .containsExactly(Path.of("tokenization_x.py"), Path.of("words.bpe"));
        }
    }

    @Test
    void takesPipelinesGeneratorsAndModulesOfSentenceTransformers() throws IOException {
        model.file("config.json", "{\"custom_pipelines\": {\"p\": {\"impl\": \"pipe.P\"}}}")
                .file("pipe.py", "")
                .file("custom_generate/generate.py", "from .beam import search\n")
                .file("custom_generate/beam.py", "")
                .file("custom_generate/requirements.txt", "")
                .file("custom_generate/README.md", "")
                .file("modules.json", "[{\"path\": \"\", \"type\": \"custom_st.Transformer\"}]")
                .file("custom_st.py", "");

        assertThat(side())
                .containsExactlyInAnyOrder(
                        "pipe.py",
                        "custom_generate/generate.py",
                        "custom_generate/beam.py",
                        "custom_generate/requirements.txt",
                        "modules.json",
                        "custom_st.py");
    }

    @Test
    void saysWhatIsMissing() throws IOException {
        config("{\"AutoConfig\": \"configuration_x.C\", \"AutoModel\": \"modeling_x.X\"}");
        model.file("modeling_x.py", "from .gone import g\nfrom ..above import a\n");

        assertThat(side()).containsExactly("modeling_x.py");
        assertThat(missing())
                .containsExactly(
                        "config.json names code in 'configuration_x.py', which does not exist",
                        "'modeling_x.py' imports '.gone', which does not exist",
                        "'modeling_x.py' imports '..above', which does not exist");
    }

    @Test
    void codeOfAnotherRepositoryIsSaid() throws IOException {
        config("{\"AutoModel\": \"org/repo--modeling_x.X\", \"C\": \"org/repo--conf.C\"}");
        model.file("modeling_x.py", "");

        assertThat(side()).isEmpty();
        assertThat(missing())
                .containsExactly(
                        "config.json names code of the repository 'org/repo', which is not copied");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"../other/code.C", "/etc/code.C", "sub/code.C", "..code.C", "co\\u0000de.C"})
    void namesThatAreNoModulesAreNotFollowed(String name) throws IOException {
        Files.createDirectories(temp.resolve("other"));
        Files.writeString(temp.resolve("other/code.py"), "secret");
        model.file("sub/code.py", "");
        config("{\"AutoModel\": \"" + name + "\"}");

        assertThat(side()).isEmpty();
        assertThat(missing()).containsExactly("code named in config.json");
    }

    @Test
    void linksOutOfTheModelAreNotFollowed() throws IOException {
        config("{\"AutoModel\": \"code.C\", \"B\": \"pack.C\"}");
        Files.writeString(temp.resolve("secret.py"), "secret");
        Files.createDirectories(temp.resolve("elsewhere"));
        Files.writeString(temp.resolve("elsewhere/deep.py"), "secret");
        model.file("pack.py", "from .far.deep import x\n");
        link(path.resolve("code.py"), Path.of("..", "secret.py"));
        link(path.resolve("far"), Path.of("..", "elsewhere"));

        assertThat(side()).containsExactly("pack.py");
        assertThat(missing())
                .containsExactly(
                        "config.json names code in 'code.py', which is not a file of this model",
                        "'pack.py' imports '.far.deep', which is not a file of this model");
    }

    /** A cache keeps every file elsewhere, all in one folder, and links to them. */
    @Test
    void linksOfADownloadCacheAreFollowed() throws IOException {
        config("{\"AutoModel\": \"code.C\"}");
        model.file("code.py", "from .more import m\n").file("more.py", "");
        Path blobs = Files.createDirectory(temp.resolve("blobs"));
        for (String name : List.of("config.json", "code.py", "more.py")) {
            Files.move(path.resolve(name), blobs.resolve("of-" + name));
            link(path.resolve(name), Path.of("..", "blobs", "of-" + name));
        }

        assertThat(side()).containsExactly("code.py", "more.py");
        assertThat(missing()).isEmpty();
    }

    @Test
    void damagedSettingsNameNothing() throws IOException {
        model.file("tokenizer_config.json", "{\"auto_map\"").file("config.json", "{}");

        assertThat(side()).containsExactly("tokenizer_config.json");
    }

    private static void link(Path link, Path target) throws IOException {
        try {
            Files.createSymbolicLink(link, target);
        } catch (UnsupportedOperationException | IOException e) {
            assumeTrue(false, "no links here");
        }
    }
}
