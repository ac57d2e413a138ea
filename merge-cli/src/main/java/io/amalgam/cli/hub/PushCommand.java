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
            "Puts a model's directory into a repository of the model hub, as one commit. HF_TOKEN must allow that.",
            "What the hub has is not sent again, also after an interruption."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  amalgam push merged/ org/model --create --private",
            "  amalgam push merged/ org/model --dry-run          what would be sent",
            "  amalgam push merged/ org/model --yes              replace the model that is there"
        })
public final class PushCommand extends Subcommand {
    @Parameters(index = "0", paramLabel = "DIR", description = "What a command has written.")
    private Path folder;

    @Parameters(index = "1", paramLabel = "ORG/NAME", description = "The repository.")
    private String name;

    @Option(names = "--create", description = "Make the repository, or the branch, if need be.")
    private boolean create;

    @Option(names = "--private", description = "With --create: for the owner's eyes alone.")
    private boolean hidden;

    @Option(names = "--revision", paramLabel = "BRANCH", description = "Default: main.")
    private @Nullable String revision;

    @Option(names = "--message", paramLabel = "TEXT", description = "The commit's message.")
    private String message = "Upload model";

    @Option(names = "--yes", description = "Change a repository that has files.")
    private boolean replace;

    @Option(names = "--dry-run", description = "Say what would be done; send nothing.")
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
