package io.amalgam.formats.safetensors;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;

/**
 * A file that breaks one of the format's rules. The message names the file, and the tensor and byte
 * where there is one.
 */
public final class SafetensorsException extends BadInputException {
    private static final long serialVersionUID = 1L;

    private final SafetensorsRule rule;

    public SafetensorsException(SafetensorsRule rule, Problem problem) {
        super(problem);
        this.rule = rule;
    }

    /** The rule that is broken. */
    public SafetensorsRule rule() {
        return rule;
    }
}
