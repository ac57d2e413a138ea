package io.amalgam.internal.stages;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.method.TensorStep;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlan.Use;
import io.amalgam.plan.TensorTask;
import io.amalgam.recipe.RecipeFile.Document;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Decides which stages are written. A stage is computed while it is read where that costs no work
 * twice: every tensor of it is made block by block in one pass, and one merge reads each of them
 * once. All others are written.
 */
final class StageKinds {
    private final Map<String, Use> kinds = new LinkedHashMap<>();
    private final boolean keep;

    private StageKinds(boolean keep) {
        this.keep = keep;
    }

    /**
     * @param plans each after those it uses
     * @param keep whether all are written
     * @return the stages that are needed
     */
    static Map<String, Use> of(
            Map<Document, MergePlan> plans, Map<String, StageCheckpoint> results, boolean keep) {
        StageKinds decision = new StageKinds(keep);
        List<Map.Entry<Document, MergePlan>> backwards = new ArrayList<>(plans.entrySet());
        Collections.reverse(backwards);
        Map<StageCheckpoint, List<MergePlan>> users = new HashMap<>();
        for (Map.Entry<Document, MergePlan> entry : backwards) {
            Document document = entry.getKey();
            MergePlan plan = entry.getValue();
            // All that use a stage come after it, so they have been looked at.
            boolean needed =
                    document.name()
                            .map(name -> decision.decide(name, named(results, name), users))
                            .orElse(true);
            if (needed) {
                for (String used : StageOrder.uses(document, results.keySet())) {
                    users.computeIfAbsent(named(results, used), unused -> new ArrayList<>())
                            .add(plan);
                }
            }
        }
        return decision.kinds;
    }

    private static StageCheckpoint named(Map<String, StageCheckpoint> results, String name) {
        return Objects.requireNonNull(results.get(name));
    }

    /** Whether the stage is needed at all. */
    private boolean decide(
            String name, StageCheckpoint stage, Map<StageCheckpoint, List<MergePlan>> users) {
        List<MergePlan> using = users.getOrDefault(stage, List.of());
        if (using.isEmpty() && !keep) {
            return false;
        }
        boolean through =
                !keep
                        && using.size() == 1
                        && stage.elementWise()
                        && !adapted(using.get(0), name)
                        && readsOnce(using.get(0), stage);
        if (through) {
            stage.computeWhileRead();
        }
        kinds.put(name, through ? Use.READ_THROUGH : Use.WRITTEN);
        return true;
    }

    /** Whether a merge lays an adapter over a stage, which may read it as it likes. */
    private static boolean adapted(MergePlan plan, String name) {
        return plan.models().keySet().stream()
                .anyMatch(ref -> ref.path().equals(name) && ref.lora().isPresent());
    }

    /** Whether a merge reads no tensor of a stage twice. */
    private static boolean readsOnce(MergePlan plan, StageCheckpoint stage) {
        if (!plan.models().containsValue(stage) || plan.wholeModel().isPresent()) {
            // It is not read as it is, or all is read to begin with.
            return false;
        }
        Set<TensorSource> read = Collections.newSetFromMap(new IdentityHashMap<>());
        for (TensorTask task : plan.tasks()) {
            for (TensorSource source : task.sources()) {
                boolean ours = source instanceof StageTensor tensor && tensor.stage() == stage;
                if (ours && !(read.add(source) && onePass(task))) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean onePass(TensorTask task) {
        TensorStep first = task.firstStage();
        return first instanceof TensorStep.Copy
                || first instanceof TensorStep.Combine
                || first instanceof TensorStep.CopyEqual
                || first instanceof TensorStep.CopyLargest;
    }
}
