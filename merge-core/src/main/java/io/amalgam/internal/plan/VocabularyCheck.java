package io.amalgam.internal.plan;

import io.amalgam.error.Problem;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.plan.OpenModels.Model;
import io.amalgam.internal.tokenizer.TokenDifference;
import io.amalgam.internal.tokenizer.TokenizerVocabulary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Checks that models with embeddings or heads of one size have the same tokens, if the recipe has
 * no tokenizer section: rows are then merged by index, with the donor's tokenizer.
 */
final class VocabularyCheck {
    private static final int SHOWN = 40;

    /** Files with tokens, of sentencepiece and WordPiece, that are compared by their bytes. */
    private static final List<String> UNREAD =
            List.of("tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.txt");

    private final Model donor;
    private final List<OutputTensor> slots;

    VocabularyCheck(Model donor, List<OutputTensor> slots) {
        this.donor = donor;
        this.slots = List.copyOf(slots);
    }

    /** A warning for each model whose tokens are others than the donor's. */
    void warn(List<Problem> warnings) {
        TokenRows rows = TokenRows.of(donor);
        for (Model model : lenders()) {
            if (model == donor || TokenRows.of(model).stored() != rows.stored()) {
                continue;
            }
            try {
                compare(model, rows).ifPresent(warnings::add);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** By the first file that both have; the older ones are not read where there is a new one. */
    private Optional<Problem> compare(Model model, TokenRows rows) throws IOException {
        for (String name : TokenDifference.FILES) {
            if (has(donor, name) && has(model, name)) {
                return TokenDifference.between(file(donor, name), file(model, name), rows.limit())
                        .map(difference -> warning(model, difference, advice(name)));
            }
        }
        for (String name : UNREAD) {
            if (has(donor, name) && has(model, name)) {
                return Files.mismatch(file(donor, name), file(model, name)) < 0
                        ? Optional.empty()
                        : Optional.of(otherFile(model, name));
            }
        }
        return Optional.empty();
    }

    private static Path file(Model model, String name) {
        return model.checkpoint.tokenizerHome().resolve(name);
    }

    private static boolean has(Model model, String name) {
        Path file = file(model, name);
        return Files.isReadable(file) && Files.isRegularFile(file);
    }

    /** A tokenizer section needs the new files. */
    private static String advice(String name) {
        String section = "add 'tokenizer: {source: union}' to the recipe";
        return name.equals(TokenizerVocabulary.NAME)
                ? section
                        + ", or 'tokenizer: {source: base}' to keep the tokens of the base or first model"
                : "save both tokenizers as 'tokenizer.json', and " + section;
    }

    private Problem otherFile(Model model, String name) {
        return Problem.expected(
                        "'" + name + "' of model '" + model.ref + "'",
                        "that of '" + donor.ref + "'",
                        "another")
                .at(model.ref.location())
                .hint(
                        "it may have other tokens, whose rows are merged with each other: save both tokenizers as 'tokenizer.json', with which tokens are compared");
    }

    private Set<Model> lenders() {
        Set<Model> lenders = new LinkedHashSet<>();
        for (OutputTensor slot : slots) {
            if (NonLayerTensors.isEmbedding(slot.name()) || NonLayerTensors.isHead(slot.name())) {
                slot.parts().stream()
                        .filter(part -> part.tensor().isPresent())
                        .forEach(part -> lenders.add(part.model()));
            }
        }
        return lenders;
    }

    private Problem warning(Model model, TokenDifference difference, String advice) {
        return Problem.expected(
                        "tokens of model '" + model.ref + "'",
                        "those of '" + donor.ref + "'",
                        difference.count()
                                + (difference.count() == 1
                                        ? " that differs, id "
                                        : " that differ, first id ")
                                + difference.id()
                                + said(difference))
                .at(model.ref.location())
                .hint("rows of different tokens are merged with each other: " + advice);
    }

    /** What an id is in a model, and in the donor. */
    private String said(TokenDifference difference) {
        Optional<String> here = difference.second().map(VocabularyCheck::shown);
        Optional<String> there = difference.first().map(VocabularyCheck::shown);
        if (here.isPresent() && there.isPresent()) {
            return ", which is " + here.get() + " and not " + there.get();
        }
        return here.map(token -> ", which is " + token + " and has no token in '" + donor.ref + "'")
                .orElseGet(
                        () ->
                                ", which has no token and is %s in '%s'"
                                        .formatted(there.orElse("another"), donor.ref));
    }

    /** A token for messages, cut short. */
    private static String shown(String token) {
        StringBuilder text = new StringBuilder();
        token.codePoints().limit(SHOWN).forEach(text::appendCodePoint);
        boolean cut = token.codePointCount(0, token.length()) > SHOWN;
        return "'" + text + (cut ? "..." : "") + "'";
    }
}
