package io.amalgam.cli.hub;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.ExitCode;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.console.Quantity;
import io.amalgam.cli.options.QuietMixin;
import io.amalgam.cli.options.Subcommand;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.hub.HubPush;
import io.amalgam.internal.formats.hub.PushTarget;
import io.amalgam.internal.formats.hub.Pushed;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "push",
        sortOptions = false,
        abbreviateSynopsis = true,
        description = {
            "Uploads a model directory to a repository of the hub, as one commit. Needs HF_TOKEN with write access.",
            "Files already on the hub are not sent again, even after an interruption."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam push merged/ org/model --create --private",
            "  amalgam push merged/ org/model --dry-run          what would be sent",
            "  amalgam push merged/ org/model --yes              replace the existing model"
        })
public final class PushCommand extends Subcommand {
    @Parameters(
            index = "0",
            paramLabel = "DIR",
            description = "The directory of a merged model or adapter.")
    private Path folder;

    @Parameters(index = "1", paramLabel = "ORG/NAME", description = "The repository.")
    private String name;

    @Option(
            names = "--create",
            description = "Create the repository or branch if it does not exist.")
    private boolean create;

    @Option(names = "--private", description = "With --create, make the repository private.")
    private boolean hidden;

    @Option(
            names = "--revision",
            paramLabel = "BRANCH",
            description = "Branch to upload to. Default: main.")
    private @Nullable String revision;

    @Option(names = "--message", paramLabel = "TEXT", description = "Commit message.")
    private String message = "Upload model";

    @Option(names = "--yes", description = "Allow changes to a repository that is not empty.")
    private boolean replace;

    @Option(names = "--dry-run", description = "Show what would be uploaded; send nothing.")
    private boolean dryRun;

    @Mixin private QuietMixin verbosity;
    @Mixin private HubMixin hub;

    public PushCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        if (hidden && !create) {
            throw usage("option '--private' needs '--create'");
        }
        HubPush push =
                hub.push(console, verbosity.quiet || json)
                        .orElseThrow(
                                () ->
                                        new BadInputException(
                                                Problem.of(
                                                        "no environment says where the hub is")));
        PushTarget target =
                new PushTarget(
                        name, Optional.ofNullable(revision), create, hidden, replace, message);
        Pushed pushed = push.push(folder, target, dryRun);
        if (json) {
            Json.print(console, json(pushed));
        } else if (!verbosity.quiet) {
            lines(pushed).forEach(line -> console.print(Console.oneLine(line)));
        }
        return ExitCode.DONE;
    }

    private List<String> lines(Pushed pushed) {
        List<String> lines = new ArrayList<>();
        boolean nothing = pushed.files().isEmpty() && pushed.removed().isEmpty();
        String unchanged =
                pushed.unchanged() == 0
                        ? ""
                        : "; " + Quantity.of(pushed.unchanged(), "file") + " as they are";
        if (nothing) {
            lines.add("all is there: " + pushed.url());
        } else {
            lines.add(
                    (dryRun ? "would push " : "pushed ")
                            + Quantity.of(pushed.files().size(), "file")
                            + ", "
                            + Quantity.bytes(pushed.bytes())
                            + (dryRun
                                    ? ""
                                    : ", " + Quantity.bytes(pushed.sent()) + " sent as large files")
                            + unchanged);
        }
        pushed.removed().forEach(file -> lines.add((dryRun ? "would remove " : "removed ") + file));
        pushed.kept().forEach(file -> lines.add("stays as it is: " + file));
        if (!nothing) {
            lines.add((pushed.created() ? "new repository: " : "repository: ") + pushed.url());
        }
        return lines;
    }

    private ObjectNode json(Pushed pushed) {
        ObjectNode root = Json.object();
        root.put("repository", pushed.url());
        root.put("commit", pushed.commit());
        root.put("created", pushed.created());
        root.put("dry_run", dryRun);
        root.put("bytes", pushed.bytes());
        root.put("bytes_sent", pushed.sent());
        root.put("unchanged", pushed.unchanged());
        pushed.files().forEach(root.putArray("files")::add);
        pushed.removed().forEach(root.putArray("removed")::add);
        pushed.kept().forEach(root.putArray("kept")::add);
        return root;
    }
}
