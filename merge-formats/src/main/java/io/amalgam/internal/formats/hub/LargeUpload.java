package io.amalgam.internal.formats.hub;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A large file and how the hub wants it: as a whole, or in parts of one size. As git's protocol for
 * large files has it (git-lfs, batch), with the hub's own transfer in parts.
 */
final class LargeUpload {
    private final LocalFile file;
    private final String oid;
    private final List<UploadPart> parts = new ArrayList<>();
    private final Optional<URI> completion;
    private final Optional<URI> verification;
    private final boolean continued;

    private LargeUpload(
            LocalFile file,
            String oid,
            Optional<URI> completion,
            Optional<URI> verification,
            boolean continued) {
        this.continued = continued;
        this.file = file;
        this.oid = oid;
        this.completion = completion;
        this.verification = verification;
    }

    /**
     * @param object what the hub answered for it
     * @return empty if it has it already
     * @throws IOException if the answer makes no sense
     */
    static Optional<LargeUpload> of(LocalFile file, String oid, JsonNode object)
            throws IOException {
        JsonNode upload = object.path("actions").path("upload");
        if (!upload.isObject()) {
            return Optional.empty();
        }
        URI address = address(upload);
        JsonNode verify = object.path("actions").path("verify");
        Optional<URI> verification =
                verify.isObject() ? Optional.of(address(verify)) : Optional.empty();
        JsonNode header = upload.path("header");
        long size = header.path("chunk_size").asLong(0);
        LargeUpload whole =
                new LargeUpload(
                        file,
                        oid,
                        size > 0 ? Optional.of(address) : Optional.empty(),
                        verification,
                        false);
        if (size <= 0) {
            whole.parts.add(new UploadPart(whole, 1, address, 0, file.size()));
            return Optional.of(whole);
        }
        Map<Integer, String> addresses = new TreeMap<>();
        for (Iterator<String> names = header.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (name.matches("\\d{1,6}")) {
                addresses.put(Integer.parseInt(name), header.path(name).asText());
            }
        }
        long from = 0;
        for (Map.Entry<Integer, String> part : addresses.entrySet()) {
            long to = Math.min(file.size(), from + size);
            whole.parts.add(new UploadPart(whole, part.getKey(), uri(part.getValue()), from, to));
            from = to;
        }
        long sum = whole.parts.stream().mapToLong(UploadPart::bytes).sum();
        if (sum != file.size() || whole.parts.stream().anyMatch(part -> part.bytes() == 0)) {
            throw new IOException("the hub asks for parts that are not the file");
        }
        return Optional.of(whole);
    }

    /**
     * This upload at the addresses of an earlier one.
     *
     * @param receipts of parts that are there
     * @return empty if the parts are others
     */
    Optional<LargeUpload> begunAt(
            URI completed, Map<Integer, URI> addresses, Map<Integer, String> receipts) {
        LargeUpload begun = new LargeUpload(file, oid, Optional.of(completed), verification, true);
        for (UploadPart part : parts) {
            URI address = addresses.get(part.number);
            if (address == null) {
                return Optional.empty();
            }
            UploadPart again = part.of(begun, address);
            again.etag = receipts.getOrDefault(part.number, "");
            begun.parts.add(again);
        }
        return Optional.of(begun);
    }

    private static URI address(JsonNode action) throws IOException {
        return uri(action.path("href").asText(""));
    }

    private static URI uri(String text) throws IOException {
        try {
            URI uri = URI.create(text);
            if (uri.getHost() != null) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw new IOException("the hub names no address to upload to");
    }

    LocalFile file() {
        return file;
    }

    /** Its sha256. */
    String oid() {
        return oid;
    }

    List<UploadPart> parts() {
        return parts;
    }

    long bytes() {
        return file.size();
    }

    /** Whether an earlier push began it: its addresses may not be good any more. */
    boolean isContinued() {
        return continued;
    }

    /** Bytes of parts that are there from an earlier push. */
    long bytesThere() {
        return parts.stream().filter(UploadPart::isSent).mapToLong(UploadPart::bytes).sum();
    }

    /** Told when all parts are there; empty where there is one. */
    Optional<URI> completion() {
        return completion;
    }

    /** Asked at the end, where the hub wants that. */
    Optional<URI> verification() {
        return verification;
    }
}
