package io.amalgam.internal.formats.hub;

import io.amalgam.checkpoint.HubOptions;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.RemoteModels;
import java.util.Optional;

/** Models of the Hugging Face Hub for programs. */
public final class HubProvider implements RemoteModels.Provider {
    @Override
    public RemoteModels open(HubOptions options) {
        HubSettings settings =
                new HubSettings(
                        options.endpoint(),
                        options.cache(),
                        options.token(),
                        options.offline(),
                        options.timeout(),
                        Optional.empty());
        if (options.streamBuffer().isEmpty()) {
            return new HubModels(settings, HubListener.NONE);
        }
        long size = options.streamBuffer().get();
        if (size < HubHeaders.SMALLEST_BUFFER) {
            throw new BadInputException(
                    Problem.expected(
                            "HubOptions.streamBuffer",
                            "at least " + HubHeaders.SMALLEST_BUFFER + " bytes",
                            size));
        }
        return HubHeaders.streaming(settings, HubListener.NONE, size);
    }
}
