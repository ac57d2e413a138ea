package io.amalgam.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.checkpoint.CheckpointFormat.Match;
import io.amalgam.checkpoint.OutputFormat;
import io.amalgam.checkpoint.OutputFormat.LayoutOptions;
import io.amalgam.checkpoint.OutputFormat.OutputModel;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What every {@link CheckpointFormat} and every {@link OutputFormat} must do. */
class FormatContractTest {
    private static final Path RESOURCES = Subjects.RESOURCES;

    /** A model of each format, by its name; also a subject of {@link ContractTest}. */
    static final Map<String, Path> SAMPLES =
            new TreeMap<>(
                    Map.of(
                            "huggingface",
                            RESOURCES.resolve("golden/merge/models/base"),
                            "safetensors",
                            RESOURCES.resolve("python/shapes.safetensors"),
                            "pytorch",
                            RESOURCES.resolve("pytorch/state.bin"),
                            "gguf",
                            RESOURCES.resolve("golden/gguf/models/gguf-llama/llama-f32.gguf")));

    @TempDir private Path temp;
    private Path empty;
    private Path text;
    private Path folder;

    @BeforeEach
    void othersFiles() throws IOException {
        empty = Files.createFile(temp.resolve("empty"));
        text = Files.writeString(temp.resolve("text"), "Nothing of a model.\n");
        folder = Files.createDirectory(temp.resolve("folder"));
    }

    static Stream<CheckpointFormat> formats() {
        return ServiceLoader.load(CheckpointFormat.class).stream().map(ServiceLoader.Provider::get);
    }

    static Stream<OutputFormat> outputs() {
        return ServiceLoader.load(OutputFormat.class).stream().map(ServiceLoader.Provider::get);
    }

    @Test
    void everyImplementationIsHere() {
        List<String> here = new ArrayList<>();
        formats().forEach(format -> here.add(format.getClass().getName()));
        outputs().forEach(format -> here.add(format.getClass().getName()));
        for (JavaClass each :
                new ClassFileImporter()
                        .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                        .importPackages("io.amalgam")) {
            boolean port =
                    each.isAssignableTo(CheckpointFormat.class)
                            || each.isAssignableTo(OutputFormat.class);
            if (port && !each.isInterface()) {
                assertThat(here).contains(each.getName());
            }
        }
        assertThat(formats().map(CheckpointFormat::name))
                .containsExactlyInAnyOrderElementsOf(SAMPLES.keySet());
    }

    @ParameterizedTest
    @MethodSource("formats")
    void isTheSurestOfItsOwnModels(CheckpointFormat format) throws IOException {
        assertThat(format.name()).matches("[a-z]+");
        Path sample = SAMPLES.get(format.name());
        Match match = format.match(sample);
        assertThat(match).isNotEqualTo(Match.NONE);
        formats()
                .filter(other -> !other.name().equals(format.name()))
                .forEach(other -> assertThat(other.match(sample)).isLessThan(match));
        try (Checkpoint model = format.open(sample, "m")) {
            assertThat(model.tensors()).isNotEmpty();
            model.tensors()
                    .values()
                    .forEach(source -> assertThat(source.identity()).startsWith("m"));
        }
    }

    static Stream<Arguments> ofOthers() {
        return formats()
                .flatMap(
                        format ->
                                SAMPLES.entrySet().stream()
                                        .filter(sample -> !sample.getKey().equals(format.name()))
                                        .map(sample -> Arguments.of(format, sample.getValue())));
    }

    @ParameterizedTest
    @MethodSource("ofOthers")
    void refusesWhatIsOfOthers(CheckpointFormat format, Path sample) {
        assertThat(format.match(sample)).isLessThan(Match.BY_CONTENT);
        refuses(format, sample);
    }

    @ParameterizedTest
    @MethodSource("formats")
    void refusesWhatIsNoModel(CheckpointFormat format) {
        for (Path path : List.of(empty, text, folder)) {
            assertThat(format.match(path)).as(path.toString()).isLessThan(Match.BY_NAME);
            refuses(format, path);
        }
        assertThat(format.match(temp.resolve("nothing"))).isEqualTo(Match.NONE);
        assertThatThrownBy(() -> format.open(temp.resolve("nothing"), "m"))
                .isInstanceOfAny(BadInputException.class, IOException.class);
    }

    private static void refuses(CheckpointFormat format, Path path) {
        assertThatThrownBy(() -> format.open(path, "m").close())
                .as(path.toString())
                .isInstanceOfSatisfying(
                        BadInputException.class,
                        e ->
                                assertThat(e.problems())
                                        .allMatch(p -> p.where().contains("'" + path)));
    }

    private static List<TensorInfo> tensors() {
        List<TensorInfo> tensors = new ArrayList<>();
        for (DType type : DType.values()) {
            if (type.safetensors() && type.arithmetic() && type.blockElements() == 1) {
                tensors.add(new TensorInfo("layers.0." + type + ".weight", type, Shape.of(3, 5)));
            }
        }
        tensors.add(new TensorInfo("scalar", DType.F32, Shape.of()));
        tensors.add(new TensorInfo("none", DType.BF16, Shape.of(0, 4)));
        return tensors;
    }

    /** Those that write any tensors; GGUF wants a model it knows, see GgufOutputTest. */
    static Stream<OutputFormat> outputsOfAnything() {
        return outputs().filter(format -> !format.name().equals("gguf"));
    }

    @ParameterizedTest
    @MethodSource("outputsOfAnything")
    void whatIsWrittenIsReadBack(OutputFormat format) throws IOException {
        ObjectNode config = JsonNodeFactory.instance.objectNode().put("hidden_size", 5);
        OutputModel model =
                new OutputModel(
                        tensors(), Optional.of(config), Optional.empty(), Map.of(), List.of());
        OutputLayout layout = format.layout(model, new LayoutOptions(0, Map.of("origin", "test")));
        Path out = Files.createDirectory(temp.resolve("out"));
        write(layout, model.tensors(), out);

        for (OutputLayout.DataFile file : layout.files()) {
            assertThat(Files.size(out.resolve(file.name()))).isEqualTo(file.size());
            assertThat(format.weightFilesIn(out)).contains(Path.of(file.name()));
        }
        Path read =
                format.reader().match(out) == Match.NONE
                        ? out.resolve(layout.files().get(0).name())
                        : out;
        assertThat(format.reader().name()).isEqualTo(format.name());
        try (Checkpoint written = format.reader().open(read, "m")) {
            assertThat(written.tensors()).hasSize(model.tensors().size());
            for (int i = 0; i < model.tensors().size(); i++) {
                TensorInfo info = model.tensors().get(i);
                TensorSource source = written.tensors().get(info.name());
                assertThat(source.info()).isEqualTo(info);
                assertThat(bytes(source)).isEqualTo(content(info, i));
            }
            assertThat(written.metadata()).containsEntry("origin", "test");
        }
    }

    /** The stored bytes of a tensor that is read as float32, and as bytes. */
    private static byte[] bytes(TensorSource source) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) source.info().bytes());
        source.stored().orElseThrow().region().readFully(0, bytes);
        int elements = (int) source.info().elements();
        float[] values = new float[elements];
        if (elements > 0) {
            source.read(0, elements, values, 0, new Workspace(ScalarKernels.INSTANCE, 64));
        }
        return bytes.array();
    }

    private static byte[] content(TensorInfo info, int seed) {
        byte[] content = new byte[(int) info.bytes()];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) (seed * 31 + i);
        }
        return content;
    }

    private static void write(OutputLayout layout, List<TensorInfo> tensors, Path out)
            throws IOException {
        for (OutputLayout.DataFile file : layout.files()) {
            try (RandomAccessFile written =
                    new RandomAccessFile(out.resolve(file.name()).toFile(), "rw")) {
                written.write(file.header());
                written.setLength(file.size());
            }
        }
        for (int i = 0; i < tensors.size(); i++) {
            OutputLayout.Placement place = layout.placements().get(i);
            OutputLayout.DataFile file = layout.files().get(place.file());
            assertThat(place.offset()).isGreaterThanOrEqualTo(file.header().length);
            try (RandomAccessFile written =
                    new RandomAccessFile(out.resolve(file.name()).toFile(), "rw")) {
                written.seek(place.offset());
                written.write(content(tensors.get(i), i));
            }
        }
        for (OutputLayout.SmallFile file : layout.last()) {
            Files.write(out.resolve(file.name()), file.content());
        }
    }

    @Test
    void shardsAreReadBack() throws IOException {
        for (OutputFormat format : outputsOfAnything().toList()) {
            OutputModel model = OutputModel.of(tensors());
            OutputLayout layout;
            try {
                layout = format.layout(model, new LayoutOptions(64, Map.of()));
            } catch (BadInputException e) {
                // A format of one file says so.
                assertThat(e).hasMessageContaining("'" + format.name() + "'");
                continue;
            }
            Path out = Files.createDirectory(temp.resolve("shards-" + format.name()));
            write(layout, model.tensors(), out);
            assertThat(layout.files()).hasSizeGreaterThan(2);
            try (Checkpoint written = format.reader().open(out, "m")) {
                assertThat(written.tensors()).hasSize(model.tensors().size());
                assertThat(written.weightFiles()).hasSize(layout.files().size());
            }
            Files.delete(out.resolve(layout.files().get(1).name()));
            assertThatThrownBy(() -> format.reader().open(out, "m").close())
                    .isInstanceOf(BadInputException.class);
        }
    }
}
