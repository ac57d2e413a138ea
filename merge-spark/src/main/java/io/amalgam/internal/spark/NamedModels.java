package io.amalgam.internal.spark;

import io.amalgam.checkpoint.HubOptions;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.RemoteModels;
import io.amalgam.internal.formats.hub.HubProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/** Models that are named by an address in a store, or by a name of the hub. */
record NamedModels(RemoteModels stored, RemoteModels hub) implements RemoteModels {
    /**
     * @param hub empty if names of the hub are none
     */
    static NamedModels of(Configuration hadoop, Optional<HubOptions> hub) {
        return new NamedModels(
                new StoredModels(hadoop),
                hub.map(options -> new HubProvider().open(options)).orElse(RemoteModels.NONE));
    }

    private RemoteModels of(String name) {
        return stored.takes(name) ? stored : hub;
    }

    @Override
    public boolean takes(String name) {
        return of(name).takes(name);
    }

    @Override
    public boolean isCertain(String name, Optional<String> revision) {
        return of(name).isCertain(name, revision);
    }

    @Override
    public String asName(String name) {
        return of(name).asName(name);
    }

    @Override
    public Optional<Path> present(String name, Optional<String> revision) {
        return of(name).present(name, revision);
    }

    @Override
    public Path fetch(String name, Optional<String> revision) throws IOException {
        return of(name).fetch(name, revision);
    }

    @Override
    public void announce(Collection<Named> names) throws IOException {
        hub.announce(names.stream().filter(each -> !stored.takes(each.name())).toList());
    }

    @Override
    public List<Problem> remarks(String name, Optional<String> revision) {
        return of(name).remarks(name, revision);
    }
}
