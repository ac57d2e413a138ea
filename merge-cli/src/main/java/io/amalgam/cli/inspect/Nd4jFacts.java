package io.amalgam.cli.inspect;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.forward.Gemm;
import java.io.IOException;
import java.io.InputStream;
import java.util.Properties;
import org.nd4j.common.config.ND4JSystemProperties;
import org.nd4j.linalg.factory.Nd4j;

/** ND4J's state. Asking starts it, which takes a second: only where it is asked for. */
final class Nd4jFacts {
    private static final String MAVEN = "/META-INF/maven/org.nd4j/nd4j-api/pom.properties";

    private Nd4jFacts() {}

    static String line() {
        try {
            System.setProperty(ND4JSystemProperties.LOG_INITIALIZATION, "false");
            Gemm.check();
            String backend = Nd4j.getBackend().getClass().getSimpleName();
            return version() + ", " + backend + ", " + Nd4j.create(1).dataType() + " arrays";
        } catch (BadInputException e) {
            return "not usable: " + e.getMessage();
        } catch (Throwable e) {
            // A missing native library surfaces as one of several errors, and none may spoil a
            // diagnosis.
            return "not usable: " + e + "; element-wise merges do not need it";
        }
    }

    private static String version() throws IOException {
        Properties properties = new Properties();
        try (InputStream in = Nd4j.class.getResourceAsStream(MAVEN)) {
            if (in != null) {
                properties.load(in);
            }
        }
        return properties.getProperty("version", "of unknown version");
    }
}
