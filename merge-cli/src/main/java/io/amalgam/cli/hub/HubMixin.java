package io.amalgam.cli.hub;

import io.amalgam.ModelLoader;
import io.amalgam.cli.console.Console;
import io.amalgam.internal.checkpoint.RemoteModels;
import io.amalgam.internal.formats.hub.HubHeaders;
import io.amalgam.internal.formats.hub.HubModels;
import io.amalgam.internal.formats.hub.HubPush;
import io.amalgam.internal.formats.hub.HubSettings;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where models come from that are named as on a model hub. */
public final class HubMixin {
    @Option(
            names = "--offline",
            description =
                    "Make no network requests; use local models and the cache. Same as HF_HUB_OFFLINE=1.")
    private boolean offline;

    @Option(
            names = {"--hub-cache", "--transformers-cache"},
            paramLabel = "DIR",
            description = "Folder for downloaded models. Default: from HF_HUB_CACHE or HF_HOME.")
    private @Nullable Path cache;

    /**
     * What opens models.
     *
     * @param silent whether downloads show no progress
     */
    public ModelLoader loader(Console console, boolean silent) {
        return amalgam(console, silent).formats();
    }

    /** What merges are made with. */
    public io.amalgam.Amalgam amalgam(Console console, boolean silent) {
        return io.amalgam.Amalgam.load().with(names(console, silent));
    }

    /** Programs that run a command without an environment have models by path alone. */
    RemoteModels names(Console console, boolean silent) {
        return models(console, silent).map(RemoteModels.class::cast).orElse(RemoteModels.NONE);
    }

    /** The hub's models; empty where there is no environment. */
    Optional<HubModels> models(Console console, boolean silent) {
        return settings(console)
                .map(settings -> new HubModels(settings, DownloadProgress.on(console, silent)));
    }

    /** The hub's models, to be looked at; empty where there is no environment. */
    public Optional<HubHeaders> headers(Console console, boolean silent) {
        return settings(console)
                .map(
                        settings ->
                                HubHeaders.looking(settings, DownloadProgress.on(console, silent)));
    }

    /**
     * The hub's models, to be merged without a download; empty where there is no environment.
     *
     * @param bytes of the buffer
     */
    Optional<HubHeaders> streaming(Console console, boolean silent, long bytes) {
        return settings(console)
                .map(
                        settings ->
                                HubHeaders.streaming(
                                        settings, DownloadProgress.on(console, silent), bytes));
    }

    /** What puts models into the hub; empty where there is no environment. */
    Optional<HubPush> push(Console console, boolean silent) {
        return settings(console)
                .map(settings -> new HubPush(settings, DownloadProgress.on(console, silent)));
    }

    private Optional<HubSettings> settings(Console console) {
        return console.environment()
                .map(variables -> new HubEnvironment(variables).settings(offline, cache));
    }
}
