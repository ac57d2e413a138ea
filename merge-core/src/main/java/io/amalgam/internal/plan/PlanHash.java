package io.amalgam.internal.plan;

import io.amalgam.checkpoint.ConfigChanges;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.method.TensorCall;
import io.amalgam.plan.TensorTask;
import java.util.List;

/**
 * The SHA-256 of what decides a merge's output: every task with its sources and parameters, and the
 * layout.
 */
final class PlanHash {
    /** Changes when the same plan would give other bytes than before. */
    private static final String VERSION = "amalgam-plan 4";

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
        PlanDigest digest = new PlanDigest();
        digest.text(VERSION);
        for (TensorTask task : tasks) {
            digest.tensor(task.output());
            digest.text(task.action());
            task.quantiser().ifPresent(by -> digest.text(by.name()));
            TensorCall call = task.call();
            digest.integer(call.base());
            digest.integer(call.seed());
            digest.real(call.position());
            digest.values(call.shared());
            for (int i = 0; i < task.sources().size(); i++) {
                TensorSource source = task.sources().get(i);
                digest.text(source.identity());
                digest.tensor(source.info());
                TensorCall.Input input = call.inputs().get(i);
                digest.text(input.role().name());
                digest.text(input.part());
                digest.integer(input.of());
                digest.values(input.values());
            }
        }
        for (OutputLayout.DataFile file : layout.files()) {
            digest.text(file.name());
            digest.integer(file.size());
            digest.bytes(file.header());
        }
        digest.text(changes.architecture().orElse(""));
        changes.vocabulary().ifPresent(vocabulary -> vocabulary(digest, vocabulary));
        for (OutputLayout.SmallFile file : madeFiles) {
            digest.text(file.name());
            digest.bytes(file.content());
        }
        for (Preparation preparation : preparations) {
            digest.text(preparation.identity());
        }
        digest.text(identity);
        return digest.hex();
    }

    private static void vocabulary(PlanDigest digest, ConfigChanges.VocabularyChange vocabulary) {
        digest.integer(vocabulary.rows());
        digest.integer(vocabulary.before());
        vocabulary
                .tokenIds()
                .forEach(
                        (name, id) -> {
                            digest.text(name);
                            digest.text(id.toString());
                        });
    }
}
