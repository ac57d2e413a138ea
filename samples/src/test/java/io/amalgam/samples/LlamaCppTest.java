package io.amalgam.samples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.amalgam.Checkpoints;
import io.amalgam.OpenModel;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.engine.ReadingRun;
import io.amalgam.internal.formats.huggingface.BpeTokenizer;
import io.amalgam.internal.forward.LlamaForward;
import io.amalgam.internal.forward.LlamaModel;
import io.amalgam.internal.forward.Rounding;
import io.amalgam.internal.forward.RowArithmetic;
import io.amalgam.internal.kernel.ScalarKernels;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * llama.cpp, from Java, reads a prompt as the tokenizer of the inputs does, and continues it as the
 * forward pass here does.
 */
class LlamaCppTest {
    /** A library that is not there or another than expected, an instruction that is not known. */
    private static final Pattern NOT_HERE = Pattern.compile("UnsatisfiedLinkError|SIGILL");

    @TempDir Path out;

    @Test
    void readsWhatIsWritten() throws IOException, InterruptedException {
        Path file = out.resolve("merged.gguf");
        List<String> said = sample(file);
        List<String> expected = new ArrayList<>();
        BpeTokenizer tokenizer = BpeTokenizer.read(Digits.HOME.resolve("models/bytes/base"));
        try (OpenModel written = Checkpoints.open(file)) {
            for (String prompt : LlamaCppSample.PROMPTS) {
                int[] tokens = tokenizer.encode(prompt);
                expected.add("tokens: " + Arrays.toString(tokens));
                expected.add("next: " + next(written, tokens, 32).replace('\n', '|'));
            }
        }
        assertThat(said).containsSubsequence(expected).hasSizeGreaterThan(7);
    }

    @Test
    void isShort() throws IOException {
        Path source = Path.of("src/test/java/io/amalgam/samples/LlamaCppSample.java");
        assertThat(Files.readAllLines(source)).hasSizeLessThanOrEqualTo(60);
    }

    /** What the likeliest tokens say. */
    private static String next(OpenModel written, int[] prompt, int count) throws IOException {
        LlamaModel model = LlamaModel.of(written.checkpoint(), "merged");
        INDArray head = written.tensor("model.embed_tokens.weight");
        int[] tokens = Arrays.copyOf(prompt, prompt.length + count);
        byte[] text = new byte[count]; // A token is a byte.
        for (int i = 0; i < count; i++) {
            float[] state = lastState(model, Arrays.copyOf(tokens, prompt.length + i));
            int best = head.mmul(Nd4j.createFromArray(state)).argMax().getInt(0);
            tokens[prompt.length + i] = best;
            text[i] = (byte) best;
        }
        return new String(text, StandardCharsets.UTF_8);
    }

    private static float[] lastState(LlamaModel model, int[] tokens) throws IOException {
        float[] states =
                ReadingRun.run(
                        EngineOptions.defaults(ScalarKernels.INSTANCE),
                        ReadingRun.Listener.NONE,
                        new Cancellation(),
                        workers -> {
                            RowArithmetic rows = new RowArithmetic(Rounding.NONE, workers);
                            LlamaForward forward =
                                    LlamaForward.holdingLittle(
                                            model.shape(), model.tensors(), rows, workers);
                            int layers = model.shape().layers();
                            float[] x =
                                    forward.run(List.of(tokens), layers, LlamaForward.States.NONE);
                            forward.finish(x);
                            return x;
                        });
        return Arrays.copyOfRange(states, states.length - model.shape().hidden(), states.length);
    }

    /** In a process of its own: native code can end one. */
    private List<String> sample(Path file) throws IOException, InterruptedException {
        Path said = out.resolve("said.txt");
        Path log = out.resolve("log.txt");
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Xmx256m",
                                "-Dsamples.home=" + Digits.HOME.toAbsolutePath(),
                                "-Dfile.encoding=UTF-8", // of System.out, up to Java 17
                                "-Dstdout.encoding=UTF-8",
                                "-Dde.kherud.llama.tmpdir=" + out,
                                "-cp",
                                System.getProperty("java.class.path"),
                                LlamaCppSample.class.getName(),
                                file.toString())
                        .redirectOutput(said.toFile())
                        .redirectError(log.toFile())
                        .start();
        if (!process.waitFor(5, TimeUnit.MINUTES)) {
            process.destroyForcibly().waitFor();
        }
        String all =
                Files.readString(said, StandardCharsets.ISO_8859_1)
                        + Files.readString(log, StandardCharsets.ISO_8859_1);
        Optional<String> why =
                all.lines().filter(line -> NOT_HERE.matcher(line).find()).findFirst();
        assumeTrue(
                process.exitValue() == 0 || why.isEmpty(),
                () -> "llama.cpp does not run on this machine: " + why.orElseThrow().strip());
        assertThat(process.exitValue()).as(all).isZero();
        return Files.readAllLines(said);
    }
}
