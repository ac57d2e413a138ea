package io.amalgam.internal.formats.gguf;

/**
 * The two orders of the rows of an attention head: the two numbers that one rotation turns are half
 * a head apart in Hugging Face models, and neighbours in GGUF.
 *
 * @param headRows rows of one head
 */
public record HeadRows(int headRows) {
    public HeadRows {
        if (headRows < 2 || headRows % 2 != 0) {
            throw new IllegalArgumentException("heads of " + headRows + " rows have no pairs");
        }
    }

    /** Where a row of a GGUF file is in the Hugging Face model. */
    public long inHuggingFace(long row) {
        long in = row % headRows;
        return row - in + (in % 2) * (headRows / 2) + in / 2;
    }

    /** Where a row of a Hugging Face model is in the GGUF file. */
    public long inGguf(long row) {
        long in = row % headRows;
        int half = headRows / 2;
        return row - in + (in % half) * 2 + in / half;
    }
}
