package io.amalgam.internal.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.ConfigChanges.VocabularyChange;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.tokenizer.ChatTemplates;
import io.amalgam.internal.tokenizer.MergedVocabulary;
import io.amalgam.internal.tokenizer.TokenIds;
import io.amalgam.internal.tokenizer.TokenizerOutput;
import io.amalgam.internal.tokenizer.TokenizerVocabulary;
import io.amalgam.plan.MergePlan.SideFile;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.Recipe.ChatTemplate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The output's files other than weights and configuration: copies of the donor's, with tokenizer
 * and chat template as in the recipe.
 */
final class CompanionPlan {
    private final Recipe recipe;
    private final Map<ModelRef, Checkpoint> models;
    private final Optional<TokenizerPlan> tokenizer;
    private final boolean copyTokenizer;
    private final boolean alone;
    private final Problems problems;
    private final List<Problem> warnings;
    private final List<SideFile> copied = new ArrayList<>();
    private final List<SmallFile> made = new ArrayList<>();
    private Optional<VocabularyChange> change = Optional.empty();

    /**
     * @param copyTokenizer whether the donor's tokenizer is copied where the recipe says nothing
     * @param alone whether the output is one file, which holds the tokenizer in its own form
     */
    CompanionPlan(
            Recipe recipe,
            Map<ModelRef, Checkpoint> models,
            Optional<TokenizerPlan> tokenizer,
            boolean copyTokenizer,
            boolean alone,
            Problems problems,
            List<Problem> warnings) {
        this.recipe = recipe;
        this.models = models;
        this.tokenizer = tokenizer;
        this.copyTokenizer = copyTokenizer;
        this.alone = alone;
        this.problems = problems;
        this.warnings = warnings;
    }

    /** Files copied as they are. */
    List<SideFile> copied() {
        return copied;
    }

    /** Files with their contents. */
    List<SmallFile> made() {
        return made;
    }

    /** What becomes of the configuration. */
    Optional<VocabularyChange> change() {
        return change;
    }

    void build(ModelRef donorRef) {
        Checkpoint donor = models.get(donorRef);
        if (donor == null) {
            return;
        }
        List<SideFile> apart = new ArrayList<>();
        List<SideFile> files = new ArrayList<>();
        for (SideFile file : DonorFiles.of(donorRef, donor, problems)) {
            Optional<SideFile> atHome = file.inMainFolder(donor);
            atHome.ifPresentOrElse(files::add, () -> apart.add(file));
        }
        ModelRef startRef = tokenizer.map(TokenizerPlan::start).orElse(donorRef);
        Checkpoint start = models.getOrDefault(startRef, donor);
        warnings.addAll(donor.scripts().missing());
        if (!alone) {
            warnings.addAll(start.scripts().missingOfTokenizer());
        }
        if (start != donor) {
            files.removeIf(file -> TokenizerOutput.isTokenizerFile(file.name()));
            for (SideFile file : DonorFiles.of(startRef, start, problems)) {
                boolean script = start.scripts().tokenizer().contains(file.name());
                file.inMainFolder(start)
                        .filter(f -> script || TokenizerOutput.isTokenizerFile(f.name()))
                        .ifPresent(f -> lend(f, donor, files));
            }
        }
        if (tokenizer.isEmpty() && !copyTokenizer) {
            withoutTokenizer(donor, files);
            finish(donor, apart, files);
            return;
        }
        try {
            Optional<MergedVocabulary> tokens = tokenizer.map(TokenizerPlan::tokens);
            TokenizerOutput output =
                    TokenizerOutput.of(start.tokenizerHome(), tokens, template(start));
            files.removeIf(file -> output.replaces(file.name()));
            made.addAll(output.made());
            for (String role : output.lostRoles()) {
                warnings.add(
                        Problem.of(role + " has no row in '" + startRef + "' and is left out")
                                .at(startRef.location())
                                .hint("the output's tokenizer has no such token"));
            }
            if (tokenizer.isPresent()) {
                configuration(tokenizer.get(), donor, start, files);
            }
        } catch (BadInputException e) {
            problems.addAll(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        finish(donor, apart, files);
    }

    /** What mergekit copies with a tokenizer: the settings of generation too. */
    private void withoutTokenizer(Checkpoint donor, List<SideFile> files) {
        files.removeIf(
                file ->
                        TokenizerOutput.isTokenizerFile(file.name())
                                || file.name().equals(Path.of(TokenIds.GENERATION))
                                || donor.scripts().tokenizer().contains(file.name()));
        recipe.chatTemplate()
                .ifPresent(
                        wanted ->
                                warnings.add(
                                        Problem.of(
                                                        "'chat_template' has no effect without a tokenizer")
                                                .at(wanted.location())
                                                .hint(
                                                        "copy the tokenizer, or write a 'tokenizer' section")));
    }

    private void finish(Checkpoint donor, List<SideFile> apart, List<SideFile> files) {
        copied.addAll(apart);
        files.forEach(file -> copied.add(file.named(place(donor, file.name().toString()))));
        made.replaceAll(file -> new SmallFile(place(donor, file.name()), file.content()));
    }

    /** Code of a tokenizer may have the name of code that the donor's configuration needs. */
    private void lend(SideFile file, Checkpoint donor, List<SideFile> files) {
        Optional<SideFile> other =
                files.stream().filter(f -> f.name().equals(file.name())).findFirst();
        boolean ofTokenizer =
                donor.scripts().tokenizer().stream()
                        .map(donor.path()::resolve)
                        .anyMatch(
                                tokenizer ->
                                        other.filter(o -> o.file().equals(tokenizer)).isPresent());
        if (other.isPresent() && !ofTokenizer && !file.sameContent(other.get())) {
            problems.add(
                    Problem.of(
                                    "'"
                                            + file.file()
                                            + "' is code of the tokenizer, and another file of this name is code of the donor")
                            .at("'" + other.get().file() + "'")
                            .hint("take the tokenizer of the donor, or rename one of the files"));
        }
        other.ifPresent(files::remove);
        files.add(file);
    }

    private static String place(Checkpoint donor, String name) {
        return donor.folders().inMainFolder(name);
    }

    private void configuration(
            TokenizerPlan plan, Checkpoint donor, Checkpoint start, List<SideFile> files)
            throws IOException {
        long before = TokenRows.of(donor).stored();
        if (start == donor) {
            change = Optional.of(new VocabularyChange(plan.rows(), before, Map.of()));
            return;
        }
        // Another model's tokenizer numbers the special tokens differently.
        Map<String, JsonNode> ids = TokenIds.of(start.tokenizerHome(), start.config());
        change = Optional.of(new VocabularyChange(plan.rows(), before, ids));
        Optional<ObjectNode> generation = TokenIds.generation(donor.mainFolder(), ids);
        if (generation.isPresent()) {
            files.removeIf(file -> file.name().equals(Path.of(TokenIds.GENERATION)));
            made.add(new SmallFile(TokenIds.GENERATION, TokenIds.bytes(generation.get())));
        }
    }

    private Optional<String> template(Checkpoint start) throws IOException {
        if (recipe.chatTemplate().isEmpty()) {
            return Optional.empty();
        }
        ChatTemplate wanted = recipe.chatTemplate().get();
        Path file = start.tokenizerHome().resolve(TokenizerVocabulary.NAME);
        if (!Files.exists(file)
                && !Files.exists(start.tokenizerHome().resolve("tokenizer_config.json"))) {
            problems.add(
                    Problem.of("'chat_template' has no tokenizer to go with")
                            .at(wanted.location())
                            .hint(
                                    "add a tokenizer to '"
                                            + start.tokenizerHome()
                                            + "', or remove the key"));
            return Optional.empty();
        }
        Collection<Path> all = models.values().stream().map(Checkpoint::tokenizerHome).toList();
        Optional<String> text = ChatTemplates.text(wanted, all);
        if (text.isEmpty()) {
            warnings.add(
                    Problem.of("'chat_template: auto' has no effect: no model has a template")
                            .at(wanted.location())
                            .hint("name a built-in template, or write one"));
            return Optional.empty();
        }
        warnAboutTokens(wanted, ChatTemplates.tokens(text.get()), file);
        return text;
    }

    private void warnAboutTokens(ChatTemplate wanted, Set<String> used, Path file)
            throws IOException {
        if (used.isEmpty() || (tokenizer.isEmpty() && !Files.exists(file))) {
            return;
        }
        Set<String> known =
                tokenizer.isPresent()
                        ? tokenizer.get().tokens().ids().keySet()
                        : TokenizerVocabulary.read(file).tokens();
        List<String> unknown = used.stream().filter(token -> !known.contains(token)).toList();
        if (!unknown.isEmpty()) {
            warnings.add(
                    Problem.of(
                                    "the chat template writes '"
                                            + String.join("', '", unknown)
                                            + "', which the output has no token for")
                            .at(wanted.location())
                            .hint(
                                    "it is read as ordinary text; add it under 'tokens' of the tokenizer section"));
        }
    }
}
