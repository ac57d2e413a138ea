package io.amalgam.cli.hub;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Quantity;
import io.amalgam.internal.formats.hub.HubHeaders.Missing;
import java.util.List;

/**
 * What a merge would fetch.
 *
 * @param key what documents call it
 * @param verb what people call it
 */
public record Downloads(String key, String verb, List<Missing> missing) {
    /** Before the merge, to stay. */
    public static Downloads first(List<Missing> missing) {
        return new Downloads("downloads", "downloaded", missing);
    }

    /** During the merge. */
    public static Downloads streamed(List<Missing> missing) {
        return new Downloads("streams", "streamed", missing);
    }

    public List<String> lines() {
        return missing.stream()
                .map(
                        of ->
                                Console.oneLine(
                                        "to be "
                                                + verb
                                                + ": "
                                                + of.name()
                                                + ", "
                                                + Quantity.of(of.files(), "file")
                                                + ", "
                                                + Quantity.bytes(of.bytes())))
                .toList();
    }

    /** Adds them to a document, where there are any. */
    public ObjectNode put(ObjectNode root) {
        if (!missing.isEmpty()) {
            ArrayNode list = root.putArray(key);
            missing.forEach(
                    of ->
                            list.addObject()
                                    .put("model", of.name())
                                    .put("files", of.files())
                                    .put("bytes", of.bytes()));
        }
        return root;
    }
}
