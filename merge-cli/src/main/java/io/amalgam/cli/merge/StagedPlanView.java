package io.amalgam.cli.merge;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.options.ResourceMixin;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The plans of a recipe file; one document without stages is shown as its plan alone. */
record StagedPlanView(StagedPlan plan, ResourceMixin resources) {

    List<String> lines(boolean tensors) {
        List<String> lines = new ArrayList<>();
        for (Step step : plan.steps()) {
            lines.add(Console.oneLine("stage '" + step.name() + "': " + fate(step)));
            lines.addAll(new PlanView(step.plan(), resources).lines(tensors));
            lines.add("");
        }
        plan.result()
                .ifPresent(
                        result -> {
                            if (!plan.steps().isEmpty()) {
                                lines.add("result");
                            }
                            lines.addAll(new PlanView(result, resources).lines(tensors));
                        });
        return lines;
    }

    private static String fate(Step step) {
        return switch (step.use()) {
            case READ_THROUGH -> "computed while it is read, not written";
            case WRITTEN -> "written, then read";
            case UNUSED -> "used by no document, not merged";
        };
    }

    ObjectNode json(boolean tensors) {
        ObjectNode root =
                plan.result()
                        .map(result -> new PlanView(result, resources).json(tensors))
                        .orElseGet(Json::object);
        if (!plan.steps().isEmpty()) {
            ArrayNode stages = root.putArray("stages");
            for (Step step : plan.steps()) {
                ObjectNode stage = stages.addObject();
                stage.put("name", step.name());
                stage.put("kind", step.use().name().toLowerCase(Locale.ROOT));
                step.uses().forEach(stage.putArray("uses")::add);
                stage.setAll(new PlanView(step.plan(), resources).json(tensors));
            }
        }
        Json.problems(root.putArray("warnings"), plan.warnings());
        return root;
    }
}
