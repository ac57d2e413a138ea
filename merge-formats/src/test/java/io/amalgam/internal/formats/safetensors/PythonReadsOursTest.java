package io.amalgam.internal.formats.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files written here are read by Python's safetensors, which prints what it found. Runs where the
 * interpreter named by the environment variable {@code AMALGAM_PYTHON}, or {@code python3}, has the
 * safetensors package, and is skipped elsewhere.
 */
class PythonReadsOursTest {
    private static final String PYTHON = System.getenv().getOrDefault("AMALGAM_PYTHON", "python3");

    private static final String SCRIPT =
            """
            import base64, hashlib, struct, json, sys
            from safetensors import deserialize
            content = open(sys.argv[1], "rb").read()
            for name, tensor in deserialize(content):
                print(base64.b64encode(name.encode()).decode(), tensor["dtype"], json.dumps(tensor["shape"]),
                      hashlib.sha256(tensor["data"]).hexdigest(), sep="|")
            length, = struct.unpack("<Q", content[:8])
            metadata = json.loads(content[8:8 + length]).get("__metadata__", {})
            print(json.dumps(metadata, sort_keys=True))
            """;

    @TempDir Path directory;

    @BeforeEach
    void requirePython() {
        boolean there;
        try {
            there = run("-c", "import safetensors").startsWith("0\n");
        } catch (IOException e) {
            there = false;
        }
        assumeTrue(
                there,
                "skipped: '"
                        + PYTHON
                        + "' cannot import safetensors; install it (pip install safetensors), or name an interpreter"
                        + " that has it in AMALGAM_PYTHON");
    }

    @Test
    void everyType() throws IOException {
        Random random = new Random(5);
        List<NamedTensor> tensors = new ArrayList<>();
        for (DType dtype : DType.values()) {
            for (long[] dims : new long[][] {{}, {8}, {3, 0}, {2, 3, 4}}) {
                Shape shape = Shape.of(dims);
                if (dtype.safetensors() && shape.elements() % dtype.blockElements() == 0) {
                    String name = dtype + " " + shape;
                    byte[] data = new byte[(int) dtype.bytesFor(shape.elements())];
                    random.nextBytes(data);
                    tensors.add(NamedTensor.ofBytes(name, dtype, shape, data));
                }
            }
        }
        requireSame(tensors, Map.of("format", "pt"), "{\"format\": \"pt\"}");
    }

    @Test
    void namesAndMetadata() throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        String[] names = {
            "",
            " ",
            "a\"b\\c/d",
            "\u0000\u001f\u007f\n\t\b\f\r",
            "\u00e9\u91cd\uffee\u2028",
            "\ud83d\ude00"
        };
        for (String name : names) {
            tensors.add(NamedTensor.ofFloats(name, Shape.of(1), name.length()));
        }
        requireSame(tensors, Map.of("k\"\n", "\u00e9\u0001"), "{\"k\\\"\\n\": \"\\u00e9\\u0001\"}");
    }

    @Test
    void noTensors() throws IOException {
        requireSame(List.of(), Map.of(), "{}");
    }

    private void requireSame(List<NamedTensor> tensors, Map<String, String> metadata, String shown)
            throws IOException {
        Path file = directory.resolve("ours.safetensors");
        SafetensorsWriter.write(file, tensors, metadata);
        Path script = Files.writeString(directory.resolve("read.py"), SCRIPT);

        List<String> lines = run(script.toString(), file.toString()).lines().toList();

        assertThat(lines.get(0)).as(String.join("\n", lines)).isEqualTo("0");
        assertThat(lines.get(lines.size() - 1)).isEqualTo(shown);
        assertThat(new TreeSet<>(lines.subList(1, lines.size() - 1)))
                .isEqualTo(new TreeSet<>(tensors.stream().map(PythonReadsOursTest::line).toList()));
    }

    private static String line(NamedTensor tensor) {
        TensorInfo info = tensor.info();
        String name =
                Base64.getEncoder().encodeToString(info.name().getBytes(StandardCharsets.UTF_8));
        return String.join(
                "|", name, info.dtype().name(), info.shape().toString(), sha256(tensor.data()));
    }

    private static String sha256(ByteBuffer data) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(data.duplicate());
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The exit code, then what was printed. */
    private static String run(String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(PYTHON));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            return process.waitFor() + "\n" + output;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
