package io.amalgam.formats.safetensors;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;

/**
 * A file violates a rule of the format. The message names the file, and tensor and byte offset if
 * known.
 */
public final class SafetensorsException extends BadInputException {
    private static final long serialVersionUID = 1L;

    private final SafetensorsRule rule;

    public SafetensorsException(SafetensorsRule rule, Problem problem) {
        super(problem);
        this.rule = rule;
    }

    /** The violated rule. */
    public SafetensorsRule rule() {
        return rule;
    }
}
