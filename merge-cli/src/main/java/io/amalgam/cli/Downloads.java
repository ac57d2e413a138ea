package io.amalgam.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.formats.hub.HubHeaders.Missing;
import java.util.ArrayList;
import java.util.List;

/** What a merge would have to download first. */
final class Downloads {
    private final List<Missing> missing = new ArrayList<>();

    void add(List<Missing> more) {
        missing.addAll(more);
    }

    List<String> lines() {
        return missing.stream()
                .map(
                        of ->
                                Console.oneLine(
                                        "to be downloaded: "
                                                + of.name()
                                                + ", "
                                                + Quantity.of(of.files(), "file")
                                                + ", "
                                                + Quantity.bytes(of.bytes())))
                .toList();
    }

    /** Adds them to a document, where there are any. */
    ObjectNode put(ObjectNode root) {
        if (!missing.isEmpty()) {
            ArrayNode list = root.putArray("downloads");
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
