package io.amalgam.spark;

import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What a submitted merge says: a line for each step, and for each tenth of the output. */
final class DriverLines implements MergeListener {
    private static final int TENTHS = 10;
    private static final Map<String, String> OPTIONS =
            Map.of(
                    "EngineOptions.overwrite(true)", "--overwrite",
                    "EngineOptions.allowNonfinite(true)", "--allow-nonfinite",
                    "PlanOptions.allowRescaled(true)", "--allow-rescaled");

    private final PrintStream to;
    private long tenths;

    DriverLines(PrintStream to) {
        this.to = to;
    }

    private void say(String line) {
        to.println("amalgam: " + line);
    }

    @Override
    public void warned(Problem warning) {
        say("warning: " + words(warning.toString()));
    }

    @Override
    public void started(MergePlan plan, int resumed) {
        say(
                "%d tensors, %s in %d files, plan %s"
                        .formatted(
                                plan.tasks().size(),
                                megabytes(plan.outputBytes()),
                                plan.layout().files().size(),
                                plan.hash().substring(0, 12)));
    }

    @Override
    public void tookOver(int parts, int of) {
        if (parts > 0) {
            say("%d of %d parts were there and are taken over".formatted(parts, of));
        }
    }

    @Override
    public void surveying(int pass, int passes) {
        say("pass %d of at most %d over the whole model".formatted(pass, passes));
    }

    @Override
    public void progressed(Progress progress) {
        long now =
                progress.bytesTotal() == 0
                        ? 0
                        : TENTHS * progress.bytesWritten() / progress.bytesTotal();
        if (now > tenths) {
            tenths = now;
            say("%d %% after %s".formatted(now * TENTHS, seconds(progress.nanos() / 1e9)));
        }
    }

    void done(MergeReport report, String out, double seconds) {
        say(
                "merged %d tensors to %s in %s"
                        .formatted(report.tensors().size(), out, seconds(seconds)));
    }

    void failed(List<Problem> problems) {
        problems.forEach(problem -> failed(problem.toString()));
    }

    void failed(String what) {
        say("error: " + words(what));
    }

    /** Names of options as they are given here. */
    private static String words(String text) {
        String words = text;
        for (Map.Entry<String, String> option : OPTIONS.entrySet()) {
            words = words.replace(option.getKey(), option.getValue());
        }
        return words;
    }

    private static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
    }

    private static String seconds(double seconds) {
        return String.format(Locale.ROOT, "%.1f s", seconds);
    }
}
