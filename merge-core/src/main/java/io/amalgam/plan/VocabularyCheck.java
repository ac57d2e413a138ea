package io.amalgam.plan;

import io.amalgam.error.Problem;
import io.amalgam.layers.LooseTensors;
import io.amalgam.plan.OpenModels.Model;
import io.amalgam.tokenizer.TokenDifference;
import io.amalgam.tokenizer.TokenizerFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Whether models that lend embeddings or heads of one size have the same tokens, where the recipe
 * says nothing of them: rows are then merged by their numbers, under the donor's tokenizer.
 */
final class VocabularyCheck {
    private static final int SHOWN = 40;

    private final Model donor;
    private final List<Slot> slots;

    VocabularyCheck(Model donor, List<Slot> slots) {
        this.donor = donor;
        this.slots = List.copyOf(slots);
    }

    /** A warning for each model whose tokens are others than the donor's. */
    void warn(List<Problem> warnings) {
        Path ours = donor.checkpoint.home().resolve(TokenizerFile.NAME);
        TokenRows rows = TokenRows.of(donor);
        if (!Files.isReadable(ours) || !Files.isRegularFile(ours)) {
            return;
        }
        for (Model model : lenders()) {
            Path theirs = model.checkpoint.home().resolve(TokenizerFile.NAME);
            if (model == donor
                    || !Files.isReadable(theirs)
                    || !Files.isRegularFile(theirs)
                    || TokenRows.of(model).stored() != rows.stored()) {
                continue;
            }
            try {
                TokenDifference.between(ours, theirs, rows.limit())
                        .map(difference -> warning(model, difference))
                        .ifPresent(warnings::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private Set<Model> lenders() {
        Set<Model> lenders = new LinkedHashSet<>();
        for (Slot slot : slots) {
            if (LooseTensors.isEmbedding(slot.name()) || LooseTensors.isHead(slot.name())) {
                slot.parts().stream()
                        .filter(part -> part.tensor().isPresent())
                        .forEach(part -> lenders.add(part.model()));
            }
        }
        return lenders;
    }

    private Problem warning(Model model, TokenDifference difference) {
        return Problem.expected(
                        "tokens of model '" + model.ref + "'",
                        "those of '" + donor.ref + "'",
                        difference.count()
                                + (difference.count() == 1
                                        ? " that differs, id "
                                        : " that differ, first id ")
                                + difference.id()
                                + ", which is "
                                + shown(difference.second())
                                + " and not "
                                + shown(difference.first()))
                .at(model.ref.location())
                .hint(
                        "rows of different tokens are merged with each other: add 'tokenizer: {source: union}' to the recipe, or 'tokenizer: {source: base}' to keep the tokens of the base or first model");
    }

    /** A token for messages, cut short. */
    private static String shown(Optional<String> token) {
        if (token.isEmpty()) {
            return "no token";
        }
        StringBuilder text = new StringBuilder();
        token.get().codePoints().limit(SHOWN).forEach(text::appendCodePoint);
        boolean cut = token.get().codePointCount(0, token.get().length()) > SHOWN;
        return "'" + text + (cut ? "..." : "") + "'";
    }
}
