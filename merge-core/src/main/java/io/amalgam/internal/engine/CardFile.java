package io.amalgam.internal.engine;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.EngineOptions.Card;
import io.amalgam.engine.MergeReport;
import io.amalgam.internal.card.ModelCard;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Whether a merge writes the model card: what people wrote is replaced only if they ask for it. A
 * card that an earlier merge wrote, and that nobody has changed since, is a part of its model.
 */
final class CardFile {
    /** Of the card, in the report. */
    static final String CHECKSUM = "model_card_crc32c";

    private CardFile() {}

    static String checksum(byte[] text) {
        CRC32C crc = new CRC32C();
        crc.update(text);
        return String.format("%08x", (int) crc.getValue());
    }

    /** Whether an earlier merge wrote what is there, and nobody has changed it. */
    static boolean isOurs(Path directory) throws IOException {
        Path card = directory.resolve(ModelCard.FILE);
        Path report = directory.resolve(MergeReport.FILE);
        if (!Files.isRegularFile(card) || !Files.isRegularFile(report)) {
            return false;
        }
        try {
            String written =
                    new ObjectMapper().readTree(Files.readAllBytes(report)).path(CHECKSUM).asText();
            return written.equals(checksum(Files.readAllBytes(card)));
        } catch (JsonProcessingException e) {
            return false;
        }
    }

    /** The card of a merge; empty if none is to be written. */
    static Optional<byte[]> of(
            MergePlan plan, MergeReport report, Path directory, EngineOptions options)
            throws IOException {
        Optional<byte[]> text = text(plan, report, options);
        if (text.isEmpty()) {
            return text;
        }
        Path there = directory.resolve(ModelCard.FILE);
        boolean free =
                options.card() == Card.ALWAYS
                        || !Files.exists(there, LinkOption.NOFOLLOW_LINKS)
                        || isOurs(directory)
                        // Of a commit that was interrupted.
                        || (Files.isRegularFile(there)
                                && Arrays.equals(Files.readAllBytes(there), text.get()));
        return free ? text : Optional.empty();
    }

    /** The card where nothing is in its place; empty if none is wanted. */
    static Optional<byte[]> text(MergePlan plan, MergeReport report, EngineOptions options)
            throws IOException {
        boolean wanted =
                options.card() == Card.ALWAYS
                        || (options.card() == Card.IF_ABSENT && options.report());
        return wanted
                ? Optional.of(ModelCard.of(plan, report.files()).getBytes(StandardCharsets.UTF_8))
                : Optional.empty();
    }
}
