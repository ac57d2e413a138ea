package io.amalgam.cli.inspect;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.options.Completions;
import io.amalgam.cli.options.QuietMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.MethodRegistry;
import io.amalgam.method.ParameterSpec;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "methods",
        sortOptions = false,
        description = "Lists the merge methods, or explains one.",
        footerHeading = "%nExamples:%n",
        footer = {"  amalgam methods", "  amalgam methods ties", "  amalgam methods --json"})
public final class MethodsCommand extends Subcommand {
    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "NAME",
            completionCandidates = Completions.Methods.class,
            description = "A method to explain.")
    private @Nullable String name;

    @Mixin private QuietMixin verbosity;

    public MethodsCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() {
        MethodRegistry registry = io.amalgam.Amalgam.load().methods();
        List<MethodInfo> methods =
                name == null
                        ? registry.all().stream().map(MergeMethod::info).toList()
                        : List.of(registry.get(name).info());
        if (json) {
            ObjectNode root = Json.object();
            ArrayNode array = root.putArray("methods");
            methods.forEach(info -> json(array.addObject(), info));
            Json.print(console, root);
        } else if (verbosity.quiet) {
            return ExitCode.DONE;
        } else if (name == null) {
            table(methods);
        } else {
            explain(methods.get(0));
        }
        return ExitCode.DONE;
    }

    private void table(List<MethodInfo> methods) {
        Columns columns =
                new Columns().row("method", "models", "base", "what it does", "parameters");
        for (MethodInfo info : methods) {
            columns.row(
                    info.name(),
                    models(info),
                    base(info),
                    info.summary(),
                    info.parameters().stream()
                            .map(ParameterSpec::name)
                            .collect(Collectors.joining(", ")));
        }
        columns.print(console);
    }

    private void explain(MethodInfo info) {
        console.print(info.name() + ": " + info.summary());
        console.print("");
        new Columns()
                .row("formula", info.formula())
                .row("models", models(info))
                .row("base model", base(info))
                .row("cost", info.cost())
                .row("source", info.paper().title() + ", " + info.paper().link())
                .print(console);
        if (info.parameters().isEmpty()) {
            return;
        }
        console.print("");
        Columns columns = new Columns().row("parameter", "for", "kind", "default", "meaning");
        for (ParameterSpec spec : info.parameters()) {
            columns.row(
                    spec.name(),
                    spec.scope() == ParameterSpec.Scope.SHARED ? "all" : "each model",
                    kindOf(spec),
                    defaultOf(spec),
                    spec.meaning());
        }
        columns.print(console);
    }

    private static String models(MethodInfo info) {
        if (info.maxModels() == info.minModels()) {
            return String.valueOf(info.minModels());
        }
        return info.maxModels() == Integer.MAX_VALUE
                ? info.minModels() + " or more"
                : info.minModels() + " to " + info.maxModels();
    }

    private static String base(MethodInfo info) {
        return switch (info.base()) {
            case REQUIRED -> "required";
            case OPTIONAL -> "optional";
            case ORDINARY -> "an input";
        };
    }

    private static String kindOf(ParameterSpec spec) {
        String kind = spec.kind().name().toLowerCase(Locale.ROOT);
        return spec.range().map(range -> kind + ", " + range).orElse(kind);
    }

    private static String defaultOf(ParameterSpec spec) {
        return spec.defaultValue()
                .map(value -> value instanceof Double number ? plain(number) : value.toString())
                .orElse(spec.required() ? "required" : "unset");
    }

    /** 10 and not 10.0. */
    private static String plain(double number) {
        return number == Math.rint(number) ? String.valueOf((long) number) : String.valueOf(number);
    }

    private static void json(ObjectNode node, MethodInfo info) {
        node.put("name", info.name());
        node.put("summary", info.summary());
        node.put("formula", info.formula());
        node.put("base", info.base().name().toLowerCase(Locale.ROOT));
        node.put("min_models", info.minModels());
        if (info.maxModels() != Integer.MAX_VALUE) {
            node.put("max_models", info.maxModels());
        }
        node.put("cost", info.cost());
        node.putObject("paper").put("title", info.paper().title()).put("link", info.paper().link());
        ArrayNode parameters = node.putArray("parameters");
        for (ParameterSpec spec : info.parameters()) {
            ObjectNode parameter = parameters.addObject();
            parameter.put("name", spec.name());
            parameter.put("scope", spec.scope().name().toLowerCase(Locale.ROOT));
            parameter.put("kind", spec.kind().name().toLowerCase(Locale.ROOT));
            spec.range()
                    .ifPresent(
                            range -> {
                                parameter.put("min", range.min());
                                if (Double.isFinite(range.max())) {
                                    parameter.put("max", range.max());
                                }
                            });
            parameter.put("required", spec.required());
            spec.defaultValue().ifPresent(value -> parameter.putPOJO("default", value));
            parameter.put("meaning", spec.meaning());
        }
    }
}
