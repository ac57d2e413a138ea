package io.amalgam.internal.formats.gguf;

/** Where data begins: at multiples of a number of bytes. */
final class Alignment {
    /** That of files that say nothing of it, as those that are written here. */
    static final int DEFAULT = 32;

    private Alignment() {}

    /**
     * The next multiple.
     *
     * @throws ArithmeticException if there is none
     */
    static long next(long position, long alignment) {
        return Math.addExact(position, alignment - 1) / alignment * alignment;
    }
}
