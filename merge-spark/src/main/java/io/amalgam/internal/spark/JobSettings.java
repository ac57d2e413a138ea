package io.amalgam.internal.spark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.Amalgam;
import io.amalgam.checkpoint.HubOptions;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.parts.Part;
import io.amalgam.internal.parts.PartCommand;
import io.amalgam.internal.parts.PartedMerge;
import io.amalgam.internal.parts.PlanRequest;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What every task of a job needs to make the plan and its part of it.
 *
 * @param request of the plan, as JSON
 * @param hash of the plan that the driver made; empty on the driver
 * @param out the output: a path that all machines share, or a folder in a store
 * @param parts how many there are
 * @param threads of a task
 * @param tasks of an executor at a time, which share its memory
 * @param hubCache folder with the models that are named as on the hub; empty if there are none
 */
record JobSettings(
        String request,
        String hash,
        String out,
        int parts,
        int threads,
        int tasks,
        boolean allowNonfinite,
        String hubCache,
        SerializableConfiguration hadoop)
        implements Serializable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A request as JSON. */
    static String text(PlanRequest request) {
        ObjectNode root = JSON.createObjectNode();
        request.put(root);
        return root.toString();
    }

    PlanRequest planRequest() {
        try {
            return PlanRequest.of(JSON.readTree(request));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    JobSettings of(String planHash, int count) {
        return new JobSettings(
                request, planHash, out, count, threads, tasks, allowNonfinite, hubCache, hadoop);
    }

    /**
     * Makes the plan in a task; the caller closes it. The driver has downloaded what it names.
     *
     * @throws BadInputException if it is not the driver's plan
     */
    StagedPlan plan() throws IOException {
        return plan(
                hubCache.isEmpty()
                        ? Optional.empty()
                        : Optional.of(HubOptions.of(Path.of(hubCache)).offline(true)));
    }

    /**
     * Makes the plan; the caller closes it.
     *
     * @throws BadInputException if it is not the driver's plan
     */
    StagedPlan plan(Optional<HubOptions> hub) throws IOException {
        PlanRequest asked = planRequest();
        StagedPlan plan =
                Amalgam.load()
                        .with(NamedModels.of(hadoop.value(), hub))
                        .folders(asked.folders())
                        .writing(Path.of(new org.apache.hadoop.fs.Path(out).getName()))
                        .plan(
                                Amalgam.recipes(
                                        asked.recipe(), asked.name(), asked.options().strict()),
                                asked.options(),
                                false);
        String made = plan.result().map(MergePlan::hash).orElse("");
        if (!hash.isEmpty() && !made.equals(hash)) {
            plan.close();
            throw new BadInputException(
                    Problem.expected("plan of an executor", "the driver's plan", "another one")
                            .hint(
                                    "give driver and executors the same models and the same version"));
        }
        return plan;
    }

    boolean isStored() {
        return StoredOutput.isStored(out);
    }

    /**
     * @param local the output on this machine
     */
    PartedMerge parted(MergePlan plan, int part, Path local) throws IOException {
        return new PartedMerge(plan, new Part(part, parts), local, planRequest(), PartCommand.NONE);
    }

    /** Options of the engine in a task: the memory of the executor is shared by its tasks. */
    EngineOptions engine() {
        return Amalgam.engine()
                .threads(threads)
                .memory(Runtime.getRuntime().maxMemory() / 2 / tasks)
                .allowNonfinite(allowNonfinite);
    }
}
