package io.amalgam.cli.console;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.engine.MergeListener.Progress;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ProgressLinesTest {
    private static final long SECOND = 1_000_000_000L;

    @Test
    void aLineHasShareSpeedAndTimeLeft() {
        Progress half = new Progress(5, 500_000_000, 1_000_000_000, 1_500_000_000, 10 * SECOND);

        assertThat(ProgressLines.line(half, 0))
                .isEqualTo(" 50 %  500 MB of 1.00 GB  150 MB/s  10 s left");
    }

    @Test
    void whatAnEarlierRunWroteDoesNotCountAsSpeed() {
        Progress progress = new Progress(5, 600_000_000, 1_000_000_000, 300_000_000, 10 * SECOND);

        assertThat(ProgressLines.line(progress, 500_000_000)).endsWith("  40 s left");
        assertThat(ProgressLines.line(progress, 600_000_000)).endsWith("  unknown left");
    }

    @Test
    void linesAreSecondsApart() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
        ProgressLines lines = new ProgressLines(new Console(stream, stream, Terminal.NONE));

        for (int tenths = 0; tenths <= 120; tenths++) {
            lines.progressed(new Progress(0, tenths, 1000, tenths, tenths * SECOND / 10));
        }

        assertThat(err.toString(StandardCharsets.UTF_8).lines()).hasSize(2);
    }

    @Test
    void whatIsUnderWayBesideTensorsIsSaid() {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(err, true, StandardCharsets.UTF_8);
        ProgressLines lines = new ProgressLines(new Console(stream, stream, Terminal.NONE));

        lines.preparing("gates from prompts", 3, 16);
        lines.progressed(new Progress(0, 500, 1000, 500, 6 * SECOND));
        lines.preparing("gates from prompts", 16, 16);
        lines.progressed(new Progress(0, 500, 1000, 500, 12 * SECOND));

        assertThat(err.toString(StandardCharsets.UTF_8).lines())
                .satisfiesExactly(
                        first -> assertThat(first).endsWith("left  gates from prompts: 3 of 16"),
                        second -> assertThat(second).endsWith("left"));
    }
}
