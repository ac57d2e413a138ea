package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.Alignment;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.Recipe.ChatTemplate;
import io.amalgam.recipe.Recipe.QuantisedType;
import io.amalgam.recipe.RecipeFile;
import io.amalgam.recipe.TokenizerSection;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;

/**
 * Reads recipes: mergekit's language, of which it refuses by name what this version cannot do.
 * Nothing is constructed from YAML tags, and no model is looked at. Stateless, so safe for use by
 * many threads.
 */
public final class RecipeReader {
    private RecipeReader() {}

    /** Reads a file with {@link ReadOptions#DEFAULT}. */
    public static Recipe read(Path file) throws IOException {
        return read(file, ReadOptions.DEFAULT);
    }

    /**
     * Reads a file, which must be UTF-8, with or without a byte order mark, and at most 3 MiB long.
     *
     * @throws BadInputException with all problems found, if there are any
     * @throws IOException if the file is there and cannot be read
     */
    public static Recipe read(Path file, ReadOptions options) throws IOException {
        return read(RecipeText.read(file), file.toString(), options);
    }

    /**
     * The text of a recipe file: UTF-8, with or without a byte order mark, and at most 3 MiB long.
     *
     * @throws BadInputException if it is not
     * @throws IOException if the file is there and cannot be read
     */
    public static String text(Path file) throws IOException {
        return RecipeText.read(file);
    }

    /**
     * As {@link #text(Path)}, of what a stream has until it ends.
     *
     * @param name for messages
     */
    public static String text(InputStream in, String name) throws IOException {
        return RecipeText.read(in, name);
    }

    /** Reads text with {@link ReadOptions#DEFAULT}. */
    public static Recipe read(String text, String fileName) {
        return read(text, fileName, ReadOptions.DEFAULT);
    }

    /**
     * Reads text.
     *
     * @param fileName for messages
     * @throws BadInputException with all problems found, if there are any, or if there are several
     *     recipes
     */
    public static Recipe read(String text, String fileName, ReadOptions options) {
        List<RecipeFile.Document> documents = readAll(text, fileName, options).documents();
        if (documents.size() > 1) {
            throw new BadInputException(
                    Problem.expected("recipe", "one document", documents.size())
                            .at(documents.get(1).recipe().location())
                            .hint("read it as a file of several recipes"));
        }
        return documents.get(0).recipe();
    }

    /**
     * Reads a file of one recipe or more, as {@link #read(Path, ReadOptions)} does.
     *
     * @throws BadInputException with all problems of all recipes, if there are any
     * @throws IOException if the file is there and cannot be read
     */
    public static RecipeFile readAll(Path file, ReadOptions options) throws IOException {
        return readAll(RecipeText.read(file), file.toString(), options);
    }

    /**
     * Reads the text of one recipe or more: YAML documents, of which all but one have a {@code
     * name}. The only document of a text needs none, and its name is ignored.
     *
     * @param fileName for messages
     * @throws BadInputException with all problems of all recipes, if there are any
     */
    public static RecipeFile readAll(String text, String fileName, ReadOptions options) {
        boolean marked = text.indexOf(RecipeText.BYTE_ORDER_MARK) == 0;
        String unmarked = marked ? text.substring(1) : text;
        List<MappingNode> roots = YamlText.parse(unmarked, new RecipeProblems(fileName, options));
        return new DocumentsReader(unmarked, fileName, options).read(roots);
    }

    /**
     * Makes sure that a text is YAML, whatever it says.
     *
     * @throws BadInputException if it is not
     */
    public static void requireYaml(String text, String fileName) {
        YamlText.parse(text, new RecipeProblems(fileName, ReadOptions.DEFAULT));
    }

    /** Reads one document, whose problems and warnings go to the findings. */
    static Recipe read(MappingNode root, String text, RecipeProblems findings) {
        new NodeCheck(findings).check(root);
        OtherCommand.refuseMoe(root, findings);
        return new RecipeReading(findings).read(root, text);
    }

    /** The top level of one recipe. */
    private static final class RecipeReading {
        private final RecipeProblems findings;
        private final ReadContext reading;
        private final ModelRefReader references;
        private final ParameterReader parameters;
        private final SliceReader slices;
        private final TokenizerReader tokenizers;

        RecipeReading(RecipeProblems findings) {
            this.findings = findings;
            this.reading = new ReadContext(findings);
            this.references = new ModelRefReader(reading);
            this.parameters = new ParameterReader(reading);
            this.slices = new SliceReader(reading, references, parameters);
            this.tokenizers = new TokenizerReader(reading, references);
        }

        Recipe read(MappingNode root, String text) {
            Fields recipe = Fields.of(root, MappingKind.RECIPE, reading);
            MergeInputs.check(recipe, findings);
            Optional<String> method =
                    recipe.required("merge_method", "name one, as in 'merge_method: linear'")
                            .flatMap(this::method);
            List<ModelEntry> models =
                    recipe.get("models").map(n -> slices.models(recipe, n)).orElse(List.of());
            List<OutputSlice> parts =
                    recipe.get("slices").map(n -> slices.slices(recipe, n)).orElse(List.of());
            List<ModuleSection> modules =
                    recipe.get("modules")
                            .map(new ModuleReader(reading, slices, parameters)::read)
                            .orElse(List.of());
            Optional<ModelRef> base =
                    recipe.get("base_model").flatMap(n -> references.read("base_model", n));
            Parameters shared = parameters.read(recipe);
            DTypeReader dtypes = new DTypeReader(findings);
            Optional<DType> dtype = dtypes.read(recipe, "dtype");
            Optional<QuantisedType> quantised = dtypes.quantised(recipe);
            Optional<DType> outDtype =
                    quantised.isPresent() ? Optional.empty() : dtypes.read(recipe, "out_dtype");
            Optional<TokenizerSection> tokenizer = tokenizers.read(recipe);
            Optional<ChatTemplate> chatTemplate = tokenizers.chatTemplate(recipe);
            findings.throwIfAny();
            Supplier<Recipe> read =
                    () ->
                            new Recipe(
                                    findings.file(),
                                    text,
                                    method.orElseThrow(),
                                    findings.at(recipe.get("merge_method").orElseThrow()),
                                    models,
                                    parts,
                                    modules,
                                    base,
                                    shared,
                                    dtype,
                                    outDtype,
                                    quantised,
                                    tokenizer,
                                    chatTemplate,
                                    recipe.location(),
                                    findings.warnings());
            return AlignmentReader.namedAsMerged(
                    recipe.get("align").map(node -> aligned(node, read)).orElseGet(read));
        }

        /** The recipe is made anew, with the warnings of its alignment. */
        private Recipe aligned(Node node, Supplier<Recipe> read) {
            Optional<Alignment> alignment =
                    new AlignmentReader(reading, references).ofAll(node, read.get());
            findings.throwIfAny();
            return alignment.map(to -> AlignmentReader.aligned(read.get(), to)).orElseGet(read);
        }

        private Optional<String> method(Node node) {
            Optional<String> name = Nodes.string(node).filter(text -> !text.isBlank());
            if (name.isEmpty()) {
                findings.error(
                        node,
                        Problem.expected(
                                "'merge_method'", "the name of a method", Nodes.describe(node)));
            }
            return name;
        }
    }
}
