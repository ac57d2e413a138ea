package io.amalgam.cli.console;

import java.io.BufferedOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.util.Locale;

/** Standard output, which knows whether its reader went away, as {@code head} does. */
public final class ResultStream extends PrintStream {
    private final Watched watched;

    public ResultStream(OutputStream out, Charset charset) {
        this(new Watched(out), charset);
    }

    private ResultStream(Watched watched, Charset charset) {
        super(new BufferedOutputStream(watched), true, charset);
        this.watched = watched;
    }

    /** The encoding that Java would choose for its own standard output. */
    public static Charset charset() {
        for (String key : new String[] {"stdout.encoding", "sun.stdout.encoding"}) {
            String name = System.getProperty(key, "");
            if (!name.isEmpty() && Charset.isSupported(name)) {
                return Charset.forName(name);
            }
        }
        return Charset.defaultCharset();
    }

    /** Whether what is printed is read by nobody any more: no fault of anything. */
    boolean readerEnded() {
        return watched.ended;
    }

    private static final class Watched extends FilterOutputStream {
        private volatile boolean ended;

        Watched(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int from, int count) throws IOException {
            try {
                out.write(bytes, from, count);
            } catch (IOException e) {
                // The system's words: "Broken pipe", on Windows "The pipe is being closed".
                String reason = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
                ended |= reason.contains("pipe");
                throw e;
            }
        }
    }
}
