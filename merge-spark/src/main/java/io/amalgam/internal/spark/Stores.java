package io.amalgam.internal.spark;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.util.VersionInfo;

/** The stores that addresses name. */
final class Stores {
    private Stores() {}

    /**
     * The store of an address.
     *
     * @throws BadInputException if Hadoop has no connector for it
     */
    static FileSystem of(Path place, Configuration hadoop) throws IOException {
        try {
            return place.getFileSystem(hadoop);
        } catch (UnsupportedFileSystemException e) {
            throw unknown(place, e);
        } catch (RuntimeException e) {
            // Hadoop wraps the class that it does not find.
            if (e.getCause() instanceof ClassNotFoundException) {
                throw unknown(place, e);
            }
            throw e;
        }
    }

    private static BadInputException unknown(Path place, Exception cause) {
        String scheme = place.toUri().getScheme();
        return new BadInputException(
                Problem.expected(
                                "store of '" + place + "'",
                                "a connector of Hadoop on the class path",
                                "none")
                        .hint(
                                "s3a".equals(scheme)
                                        ? "give spark-submit '--packages org.apache.hadoop:hadoop-aws:"
                                                + VersionInfo.getVersion()
                                                + "'"
                                        : "give spark-submit that of '"
                                                + scheme
                                                + "' with '--packages'"),
                cause);
    }
}
