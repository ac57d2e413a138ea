package io.amalgam.internal.formats.gguf;

import static io.amalgam.internal.formats.files.FileText.quote;

import io.amalgam.error.Problem;
import io.amalgam.tensor.Shape;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whether the heads that the keys of a GGUF file promise are those of its tensors. Other numbers
 * would give rows in another order, and a model of other heads.
 */
record HeadSizes(GgufArchitecture architecture, GgufMetadata keys) {
    private static final Pattern PROJECTION = Pattern.compile("blk\\.\\d+\\.attn_([qkv])\\.weight");

    /** Empty if the tensor is of other kind, or nothing is promised. */
    Optional<Problem> check(String tensor, Shape shape) {
        Matcher projection = PROJECTION.matcher(tensor);
        if (!projection.matches() || shape.rank() != 2) {
            return Optional.empty();
        }
        String part = projection.group(1);
        OptionalLong heads = heads(part.equals("q"));
        OptionalLong size = size(part.equals("v") ? "value" : "key");
        if (heads.isEmpty() || size.isEmpty() || heads.getAsLong() < 1) {
            return Optional.empty();
        }
        long rows = shape.dim(0);
        return rows % heads.getAsLong() == 0 && rows / heads.getAsLong() == size.getAsLong()
                ? Optional.empty()
                : Optional.of(
                        Problem.expected(
                                        "tensor " + quote(tensor),
                                        "%d heads of %d rows, as the keys say"
                                                .formatted(heads.getAsLong(), size.getAsLong()),
                                        rows + " rows")
                                .hint("the file is damaged: get it again"));
    }

    /** Files of models whose keys have as many heads as their queries may leave it out. */
    private OptionalLong heads(boolean query) {
        OptionalLong all = whole("attention.head_count");
        OptionalLong own = query ? all : whole("attention.head_count_kv");
        boolean left = !keys.has(architecture.gguf() + ".attention.head_count_kv");
        return own.isEmpty() && left ? all : own;
    }

    private OptionalLong size(String of) {
        OptionalLong said = whole("attention." + of + "_length");
        OptionalLong width = whole("embedding_length");
        OptionalLong heads = whole("attention.head_count");
        if (said.isPresent() || width.isEmpty() || heads.isEmpty() || heads.getAsLong() < 1) {
            return said;
        }
        return OptionalLong.of(width.getAsLong() / heads.getAsLong());
    }

    private OptionalLong whole(String rest) {
        return keys.whole(architecture.gguf() + "." + rest);
    }
}
