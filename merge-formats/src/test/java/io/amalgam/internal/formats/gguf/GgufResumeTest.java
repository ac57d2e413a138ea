package io.amalgam.internal.formats.gguf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.ModelLoader;
import io.amalgam.endtoend.Merges;
import io.amalgam.endtoend.Options;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.internal.plan.MergePlanner;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.Recipe.QuantisedType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Outputs that are one file, begun, finished, or not ours. */
class GgufResumeTest {
    private static final String RECIPE =
            "merge_method: passthrough\nmodels:\n  - model: hf-llama\n";
    private static final Options RESUME = Options.DEFAULT.resuming();

    @TempDir Path temp;
    private Path out;
    private Path folder;
    private Path report;
    private String quantised = "";

    @BeforeEach
    void places() {
        out = temp.resolve("out.gguf");
        folder = temp.resolve("out.gguf.amalgam-partial");
        report = temp.resolve("out.gguf." + MergeReport.FILE);
    }

    private MergeReport run(Options options, MergeListener listener, Cancellation stop)
            throws IOException {
        try (MergePlan plan =
                new MergePlanner(
                                BuiltInMethods.load(),
                                ModelLoader.load().models(List.of(GgufOutputTest.MODELS)),
                                new GgufOutput().titled("Hf Llama").to(out))
                        .plan(Merges.recipe(RECIPE), options())) {
            return MergeEngine.run(plan, out, options.build(), listener, stop);
        }
    }

    private PlanOptions options() {
        return quantised.isEmpty()
                ? PlanOptions.DEFAULT
                : PlanOptions.DEFAULT.quantised(new QuantisedType(quantised, Location.NONE));
    }

    private MergeReport run(Options options) throws IOException {
        return run(options, MergeListener.NONE, new Cancellation());
    }

    /** Stops as soon as there is something to continue. */
    private void interrupt(Options options) {
        Cancellation stop = new Cancellation();
        MergeListener cancelling =
                new MergeListener() {
                    @Override
                    public void started(MergePlan plan, int resumed) {
                        stop.cancel();
                    }
                };
        assertThatThrownBy(() -> run(options.threads(1), cancelling, stop))
                .isInstanceOf(MergeCancelledException.class);
        assertThat(folder).isDirectory();
    }

    private static boolean[] heard(MergeListener[] listener) {
        boolean[] finished = new boolean[1];
        listener[0] =
                new MergeListener() {
                    @Override
                    public void wasFinished() {
                        finished[0] = true;
                    }
                };
        return finished;
    }

    private void assertWasFinished() throws IOException {
        MergeListener[] listener = new MergeListener[1];
        boolean[] finished = heard(listener);
        run(RESUME, listener[0], new Cancellation());
        assertThat(finished[0]).isTrue();
    }

    @Test
    void aFinishedOneIsLeftAsItIs() throws IOException {
        run(Options.DEFAULT);
        byte[] bytes = Files.readAllBytes(out);
        assertWasFinished();
        assertThat(out).hasBinaryContent(bytes);
        assertThat(folder).doesNotExist();
    }

    /** Tensors of whole blocks do not end where the next one may begin. */
    @Test
    void zerosBetweenTensorsAreInTheChecksum() throws IOException {
        quantised = "q4_0";
        MergeReport report = run(Options.DEFAULT);
        CRC32C crc = new CRC32C();
        crc.update(Files.readAllBytes(out));
        assertThat(report.files().get(0).crc32c())
                .contains(String.format("%08x", (int) crc.getValue()));
        assertWasFinished();
    }

    @Test
    void anInterruptedOneIsContinued() throws IOException {
        run(Options.DEFAULT);
        byte[] bytes = Files.readAllBytes(out);
        Files.delete(out);
        Files.delete(report);
        interrupt(Options.DEFAULT);
        assertThat(out).doesNotExist();
        run(RESUME);
        assertThat(out).hasBinaryContent(bytes);
        assertThat(folder).doesNotExist();
    }

    @Test
    void anInterruptedOneThatReplacesIsContinued() throws IOException {
        Files.writeString(out, "earlier");
        interrupt(Options.DEFAULT.overwriting());
        assertThat(out).hasContent("earlier");
        run(RESUME);
        assertWasFinished();
    }

    @Test
    void oneStoppedBetweenTheMovesIsContinued() throws IOException {
        run(Options.DEFAULT);
        byte[] bytes = Files.readAllBytes(out);
        Files.createDirectory(folder);
        Files.move(report, folder.resolve(MergeReport.FILE));
        assertWasFinished();
        assertThat(out).hasBinaryContent(bytes);
        assertThat(report).exists();
        assertThat(folder).doesNotExist();
    }

    @Test
    void anotherFileIsNeverReplaced() throws IOException {
        Files.writeString(out, "mine");
        assertThatThrownBy(() -> run(RESUME))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("expected a new file, got one that is there");
        assertThat(out).hasContent("mine");

        Files.delete(out);
        interrupt(Options.DEFAULT);
        Files.writeString(out, "mine");
        assertThatThrownBy(() -> run(RESUME)).isInstanceOf(BadInputException.class);
        assertThat(out).hasContent("mine");
    }

    @Test
    void aChangedOneIsRefused() throws IOException {
        run(Options.DEFAULT);
        byte[] bytes = Files.readAllBytes(out);
        bytes[bytes.length - 1] ^= 1;
        Files.write(out, bytes);
        assertThatThrownBy(() -> run(RESUME))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("changed since it was written");
        run(Options.DEFAULT.overwriting());
        assertWasFinished();
    }
}
