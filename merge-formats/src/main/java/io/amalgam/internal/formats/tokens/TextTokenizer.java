package io.amalgam.internal.formats.tokens;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A model's {@code tokenizer.json}, followed by Hugging Face's own library. Its wrapper makes no
 * network requests: it is told to be offline, so it uses the native part in its jar.
 */
public final class TextTokenizer implements Closeable {
    private final HuggingFaceTokenizer tokenizer;

    private TextTokenizer(HuggingFaceTokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    /**
     * Reads the tokenizer of a model.
     *
     * @param home the folder it is in
     * @param model what the user calls the model
     * @throws BadInputException if there is none in the fast form, or it cannot be read
     */
    public static TextTokenizer read(Path home, String model) throws IOException {
        Path file = home.resolve("tokenizer.json");
        if (!Files.isRegularFile(file)) {
            throw new BadInputException(
                    Problem.expected("model '" + model + "'", "a tokenizer.json", "none")
                            .hint(
                                    "save its tokenizer in the fast form, name a model that has one, or give numbers of tokens (.npy)"));
        }
        // Without these it may download a native part for CUDA, and reports that it is used.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
        TokenizerFile.require(file, model);
        try {
            return new TextTokenizer(
                    HuggingFaceTokenizer.newInstance(
                            file,
                            Map.of(
                                    "addSpecialTokens", "true",
                                    "truncation", "false",
                                    "padding", "false")));
        } catch (RuntimeException e) {
            throw new BadInputException(
                    Problem.expected(
                            "tokenizer of model '" + model + "'",
                            "one that the tokenizers library can read",
                            "'" + e.getMessage() + "'"),
                    e);
        }
    }

    /** The tokens of a text, with those that its post-processor puts around it. */
    public int[] encode(String text) {
        long[] ids = tokenizer.encode(text).getIds();
        int[] tokens = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            tokens[i] = Math.toIntExact(ids[i]);
        }
        return tokens;
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
