package io.amalgam.internal.formats.gguf;

/** What GGUF does to the values of a tensor besides rounding them. */
public enum ValueChange {
    NONE,
    /** Rows of each query head are ordered by rotary pairs: {@link HeadRows}. */
    QUERY_ROWS,
    /** The same of each key head. */
    KEY_ROWS,
    /** 1 is added, in float32. */
    PLUS_ONE,
    /** The first rows, one more than the number of the padding token, are cut off. */
    WITHOUT_PADDING_ROWS
}
