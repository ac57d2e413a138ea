package io.amalgam.internal.formats.hub;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Uploads in parts that an earlier push began: the addresses that were signed for them, and what
 * was sent to which. Kept in the cache for as long as such addresses are good, for its owner's eyes
 * alone: who has an address may send to it. What cannot be kept is sent again, and nothing else.
 */
final class BegunUploads {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration LONGEST = Duration.ofHours(24);

    /** Where other readers of the cache look for no models. */
    private static final String FOLDER = ".locks/amalgam-uploads";

    private final Path folder;
    private final String target;

    BegunUploads(HubSettings settings, RepoName repo) {
        this.folder = settings.cache().resolve(FOLDER);
        this.target = Integer.toHexString((settings.endpoint() + "/" + repo.id()).hashCode());
    }

    private Path place(LargeUpload upload) {
        return folder.resolve(upload.oid() + "." + target);
    }

    /** An upload with what was sent of it before; else itself, from now on kept. */
    LargeUpload continued(LargeUpload fresh) {
        if (fresh.completion().isEmpty()) {
            return fresh;
        }
        Optional<LargeUpload> earlier = earlier(fresh);
        if (earlier.isEmpty()) {
            begin(fresh);
        }
        return earlier.orElse(fresh);
    }

    private Optional<LargeUpload> earlier(LargeUpload fresh) {
        Path place = place(fresh);
        try {
            Instant good = Instant.now().minus(LONGEST);
            if (!Files.exists(place)
                    || Files.getLastModifiedTime(place).toInstant().isBefore(good)) {
                return Optional.empty();
            }
            List<String> lines = Files.readAllLines(place, StandardCharsets.UTF_8);
            JsonNode begun = JSON.readTree(lines.get(0));
            if (begun.path("parts").size() != fresh.parts().size()
                    || begun.path("part_bytes").asLong() != fresh.parts().get(0).bytes()) {
                return Optional.empty();
            }
            Map<Integer, String> receipts = new HashMap<>();
            for (String line : lines.subList(1, lines.size())) {
                int space = line.indexOf(' ');
                // The last line of a program that was killed may be cut.
                if (space > 0 && line.endsWith(".")) {
                    receipts.put(
                            Integer.parseInt(line.substring(0, space)),
                            line.substring(space + 1, line.length() - 1));
                }
            }
            Map<Integer, URI> addresses = new HashMap<>();
            for (JsonNode part : begun.path("parts")) {
                addresses.put(part.path("number").asInt(), URI.create(part.path("to").asText()));
            }
            URI completion = URI.create(begun.path("completion").asText());
            return receipts.isEmpty()
                    ? Optional.empty()
                    : fresh.begunAt(completion, addresses, receipts);
        } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
            return Optional.empty();
        }
    }

    private void begin(LargeUpload upload) {
        ObjectNode begun = JSON.createObjectNode();
        begun.put("part_bytes", upload.parts().get(0).bytes());
        begun.put("completion", upload.completion().orElseThrow().toString());
        ArrayNode parts = begun.putArray("parts");
        for (UploadPart part : upload.parts()) {
            parts.addObject().put("number", part.number).put("to", part.address.toString());
        }
        try {
            Files.createDirectories(folder);
            Path place = place(upload);
            Files.deleteIfExists(place);
            Files.createFile(place, owners());
            Files.writeString(place, JSON.writeValueAsString(begun) + "\n");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            // Then it is sent again, should this push not end.
            return;
        }
    }

    private static FileAttribute<?>[] owners() {
        return FileSystems.getDefault().supportedFileAttributeViews().contains("posix")
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rw-------"))
                }
                : new FileAttribute<?>[0];
    }

    /** A part is there. */
    void sent(UploadPart part) {
        Path place = place(part.upload);
        if (part.upload.completion().isEmpty() || !Files.exists(place)) {
            return;
        }
        try {
            Files.writeString(
                    place, part.number + " " + part.etag + ".\n", StandardOpenOption.APPEND);
        } catch (IOException e) {
            // As above.
            return;
        }
    }

    /** It is complete, or its addresses are not good any more. */
    void forget(LargeUpload upload) {
        try {
            Files.deleteIfExists(place(upload));
        } catch (IOException e) {
            // It is old before long.
            return;
        }
    }
}
