package io.amalgam.internal.structure.moe;

import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.io.InterruptedIOException;
import org.jspecify.annotations.Nullable;

/**
 * Work on the rows of one matrix after another, in which threads that wait for the result take
 * part. It starts no thread of its own. Each row is worked on by one thread, and no row depends on
 * another, so that the result does not depend on who helps.
 */
final class SharedRows {
    private static final int STEP = 16;

    private @Nullable Job job;
    private boolean over;

    /** Works on rows {@code from .. to}, with the buffers of the thread that does. */
    @FunctionalInterface
    interface Part {
        void rows(int from, int to, Workspace workspace) throws IOException;
    }

    private static final class Job {
        final int rows;
        final Part part;
        int next;
        int done;
        @Nullable Exception failure;

        Job(int rows, Part part) {
            this.rows = rows;
            this.part = part;
        }
    }

    /** Works on all rows of a matrix, with whoever helps; returns when all are done. */
    void run(int rows, Workspace workspace, Part part) throws IOException {
        Job own = new Job(rows, part);
        begin(own);
        try {
            work(own, workspace);
            await(own);
        } catch (InterruptedException e) {
            throw interrupted();
        } finally {
            begin(null);
        }
    }

    /** Takes part until {@link #end()}. */
    void help(Workspace workspace) throws IOException {
        try {
            Job next = next();
            while (next != null) {
                work(next, workspace);
                next = next();
            }
        } catch (InterruptedException e) {
            throw interrupted();
        }
    }

    /** No more matrices come. */
    synchronized void end() {
        over = true;
        notifyAll();
    }

    private synchronized void begin(@Nullable Job next) {
        job = next;
        notifyAll();
    }

    private synchronized @Nullable Job next() throws InterruptedException {
        while (!over) {
            if (job != null && job.failure == null && job.next < job.rows) {
                return job;
            }
            wait();
        }
        return null;
    }

    private void work(Job shared, Workspace workspace) throws IOException {
        int from = take(shared);
        while (from < shared.rows) {
            int to = Math.min(from + STEP, shared.rows);
            try {
                shared.part.rows(from, to, workspace);
            } catch (IOException | RuntimeException e) {
                finished(shared, 0, e);
                throw e;
            }
            finished(shared, to - from, null);
            from = take(shared);
        }
    }

    /** The first of the next rows to work on; the number of rows if there are none to take. */
    private synchronized int take(Job shared) {
        int from = shared.failure == null ? shared.next : shared.rows;
        shared.next = Math.min(from + STEP, shared.rows);
        return from;
    }

    private synchronized void finished(Job shared, int rows, @Nullable Exception failure) {
        shared.done += rows;
        if (shared.failure == null) {
            shared.failure = failure;
        }
        notifyAll();
    }

    private synchronized void await(Job own) throws IOException, InterruptedException {
        while (own.done < own.rows && own.failure == null) {
            wait();
        }
        rethrow(own.failure);
    }

    private static InterruptedIOException interrupted() {
        Thread.currentThread().interrupt();
        return new InterruptedIOException("interrupted while gates are computed");
    }

    static void rethrow(@Nullable Exception failure) throws IOException {
        if (failure instanceof IOException e) {
            throw e;
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
    }
}
