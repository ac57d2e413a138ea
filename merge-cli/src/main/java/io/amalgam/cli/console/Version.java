package io.amalgam.cli.console;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The output of {@code --version}. */
public final class Version {
    private Version() {}

    public static String line() {
        return "amalgam " + number() + " (Java " + System.getProperty("java.version") + ")";
    }

    /** The project's version, which the build writes into a resource. */
    public static String number() {
        try (InputStream in = Version.class.getResourceAsStream("version.txt")) {
            if (in == null) {
                throw new IllegalStateException("the jar is incomplete: version.txt is missing");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
