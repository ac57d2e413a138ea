package io.amalgam.internal.formats.hub;

import java.time.Duration;

/** Hears how downloads go, on the thread that waits for them. */
public interface HubListener {
    /** Hears nothing. */
    HubListener NONE = new HubListener() {};

    /**
     * A download begins.
     *
     * @param name of the repository
     * @param files to be fetched
     * @param bytes of all of them
     */
    default void downloading(String name, int files, long bytes) {}

    /**
     * Some bytes came.
     *
     * @param done those of earlier runs included
     */
    default void progressed(long done, long bytes) {}

    /** The hub asked to wait, or a connection failed and is tried again. */
    default void waiting(String reason, Duration time) {}

    /** The download is whole. */
    default void downloaded(String name) {}
}
