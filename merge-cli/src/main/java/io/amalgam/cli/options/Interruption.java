package io.amalgam.cli.options;

import io.amalgam.engine.Cancellation;
import java.util.concurrent.CountDownLatch;

/**
 * Ctrl-C and SIGTERM: a merge that runs is asked to stop and given the time to leave a state that
 * can be resumed. Everything else ends at once, as programs do.
 */
public final class Interruption {
    private final Cancellation cancellation = new Cancellation();
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean merging;
    private volatile int exit;

    /** One that hears of the signals this process gets. */
    public static Interruption ofThisProcess() {
        Interruption interruption = new Interruption();
        Runtime.getRuntime().addShutdownHook(new Thread(interruption::stop, "amalgam-stop"));
        return interruption;
    }

    /** From here on, signals are answered through the switch returned. */
    public Cancellation merging() {
        merging = true;
        return cancellation;
    }

    /** All is printed: the process may end with this code. */
    public void finished(int code) {
        exit = code;
        merging = false;
        finished.countDown();
    }

    private void stop() {
        if (!merging) {
            return;
        }
        cancellation.cancel();
        try {
            finished.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        // The signal would decide the exit code; the command knows better whether it was stopped.
        Runtime.getRuntime().halt(exit);
    }
}
