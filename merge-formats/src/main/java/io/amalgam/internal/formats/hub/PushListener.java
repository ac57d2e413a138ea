package io.amalgam.internal.formats.hub;

/** Hears how a push goes, on the thread that waits for it. */
public interface PushListener extends HubListener {
    /** Hears nothing. */
    PushListener NONE = new PushListener() {};

    /** Files are read to know their hashes. */
    default void hashing(long done, long bytes) {}

    /**
     * An upload begins.
     *
     * @param bytes of what the hub does not have
     */
    default void uploading(String name, int files, long bytes) {}

    /** Some bytes were sent. */
    default void sent(long done, long bytes) {}

    /** All is there. */
    default void uploaded(String name) {}
}
