package io.amalgam.internal.plan;

import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.method.TensorCall;
import io.amalgam.plan.TensorTask;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeMap;

/**
 * The SHA-256 of what decides a merge's output: every task with its sources and parameters, and the
 * layout.
 */
final class PlanHash {
    /** Changes when the same plan would give other bytes than before. */
    private static final String VERSION = "amalgam-plan 2";

    private PlanHash() {}

    /**
     * @param madeFiles files beside the weights that the plan makes
     * @param identity what else decides the output; empty for nothing
     */
    static String of(
            List<TensorTask> tasks,
            OutputLayout layout,
            ConfigChanges changes,
            List<OutputLayout.SmallFile> madeFiles,
            List<Preparation> preparations,
            String identity) {
        MessageDigest digest = sha256();
        line(digest, VERSION);
        for (TensorTask task : tasks) {
            line(digest, task.output() + " " + task.action());
            TensorCall call = task.call();
            line(
                    digest,
                    "base "
                            + call.base()
                            + " seed "
                            + call.seed()
                            + " at "
                            + call.position()
                            + " "
                            + new TreeMap<>(call.shared()));
            for (int i = 0; i < task.sources().size(); i++) {
                TensorSource source = task.sources().get(i);
                line(
                        digest,
                        source.identity()
                                + " "
                                + source.info()
                                + " "
                                + new TreeMap<>(call.inputs().get(i).values()));
            }
        }
        for (OutputLayout.DataFile file : layout.files()) {
            line(digest, file.name() + " " + file.size());
            digest.update(file.header());
        }
        changes.architecture().ifPresent(name -> line(digest, "architecture " + name));
        changes.vocabulary().ifPresent(vocabulary -> line(digest, "vocabulary " + vocabulary));
        for (OutputLayout.SmallFile file : madeFiles) {
            line(digest, file.name() + " " + file.content().length);
            digest.update(file.content());
        }
        for (Preparation preparation : preparations) {
            line(digest, "after " + preparation.identity());
        }
        digest.update(identity.getBytes(StandardCharsets.UTF_8));
        return HexFormat.of().formatHex(digest.digest());
    }

    /** At once: the text of a hundred thousand tasks is longer than all else of their plan. */
    private static void line(MessageDigest digest, String line) {
        digest.update((line + '\n').getBytes(StandardCharsets.UTF_8));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }
}
