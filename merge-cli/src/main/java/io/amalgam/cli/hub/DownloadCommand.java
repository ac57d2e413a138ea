package io.amalgam.cli.hub;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.options.QuietMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.hub.HubModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
        name = "download",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Downloads models and adapters to the cache shared with the hub's Python client, and prints their paths.",
            "Fetches what a merge needs: the weights in one format, configuration and tokenizer. Continues interrupted downloads."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  amalgam download org/model", "  amalgam download org/model@v1.0 org/adapter"})
public final class DownloadCommand extends Subcommand {
    @Parameters(
            arity = "1..*",
            paramLabel = "MODEL",
            description = "ORG/NAME or ORG/NAME@REVISION; a revision is a branch, tag or commit.")
    private List<String> names = List.of();

    @Mixin private QuietMixin verbosity;
    @Mixin private HubMixin hub;

    public DownloadCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        Optional<HubModels> found = hub.models(console, verbosity.quiet || json);
        List<Problem> problems = new ArrayList<>();
        ObjectNode root = Json.object();
        ArrayNode list = root.putArray("models");
        List<Path> places = new ArrayList<>();
        for (String name : names) {
            if (found.isEmpty() || !found.get().takes(name)) {
                problems.add(
                        Problem.expected("model '" + name + "'", "a name as in 'org/model'", "none")
                                .hint("a path is not downloaded"));
            }
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        found.orElseThrow().announceNewest(names);
        for (String name : names) {
            try {
                Path place = found.orElseThrow().download(name);
                places.add(place);
                list.addObject().put("model", name).put("path", place.toString());
            } catch (BadInputException e) {
                problems.addAll(e.problems());
            }
        }
        if (!json && !verbosity.quiet) {
            places.forEach(place -> console.print(Console.oneLine(place.toString())));
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        if (json) {
            Json.print(console, root);
        }
        return ExitCode.DONE;
    }
}
