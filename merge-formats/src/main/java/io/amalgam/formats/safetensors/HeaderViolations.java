package io.amalgam.formats.safetensors;

import io.amalgam.error.Problem;
import io.amalgam.formats.safetensors.SafetensorsException.Rule;

/** Words the exceptions of one file. */
record HeaderViolations(String file) {
    public SafetensorsException of(Rule rule, String what, Object expected, Object found) {
        return of(rule, what, expected, found, "'" + file + "'");
    }

    public SafetensorsException at(
            long fileByte, Rule rule, String what, Object expected, Object found) {
        return of(rule, what, expected, found, "'" + file + "', byte " + fileByte);
    }

    private static SafetensorsException of(
            Rule rule, String what, Object expected, Object found, String where) {
        return new SafetensorsException(
                rule, Problem.expected(what, expected, found).at(where).hint(hint(rule)));
    }

    private static String hint(Rule rule) {
        return switch (rule) {
            case HEADER_BEYOND_FILE, OUT_OF_BOUNDS ->
                    "the file is cut short: download or copy it again";
            case HEADER_TOO_LONG ->
                    "this is not a safetensors file; if it is a small text file, it is a Git LFS pointer: run 'git lfs"
                            + " pull'";
            default -> "the file is damaged or not a safetensors file";
        };
    }
}
