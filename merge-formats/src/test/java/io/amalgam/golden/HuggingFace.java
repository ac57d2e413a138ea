package io.amalgam.golden;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Hugging Face's tokenizers library, as a judge of what was written. */
public final class HuggingFace implements AutoCloseable {
    static {
        // Its wrapper would say that it is used, and keeps its native part below the home
        // directory.
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("DJL_CACHE_DIR", Path.of("target", "djl").toAbsolutePath().toString());
    }

    private final HuggingFaceTokenizer tokenizer;

    /**
     * @param file a {@code tokenizer.json}
     */
    public HuggingFace(Path file) throws IOException {
        tokenizer =
                HuggingFaceTokenizer.newInstance(
                        file, Map.of("addSpecialTokens", "false", "truncation", "false"));
    }

    public List<String> tokens(String text) {
        return List.of(encode(text).getTokens());
    }

    public List<Integer> ids(String text) {
        List<Integer> ids = new ArrayList<>();
        for (long id : encode(text).getIds()) {
            ids.add(Math.toIntExact(id));
        }
        return ids;
    }

    private Encoding encode(String text) {
        return tokenizer.encode(text);
    }

    public String decode(int id) {
        return tokenizer.decode(new long[] {id}, false);
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
