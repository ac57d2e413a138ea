package io.amalgam.internal.recipe.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.recipe.Recipe;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever is done to a recipe's text, it is read or refused with messages of one line each. {@code
 * make fuzz} lets Jazzer search on from {@link #seeds}.
 */
class MutatedRecipesTest {
    private static final int ROUNDS = 4_000;

    private static final List<String> PIECES =
            List.of(
                    "{",
                    "}",
                    "[",
                    "]",
                    ":",
                    ": ",
                    ",",
                    "-",
                    "- ",
                    "?",
                    "&a ",
                    "*a",
                    "<<: *a",
                    "!",
                    "!!int ",
                    "!!bool ",
                    "!!set ",
                    "!!binary ",
                    "!!float ",
                    "'",
                    "\"",
                    "|",
                    ">",
                    "%",
                    "@",
                    "`",
                    "#",
                    "\t",
                    "\n",
                    "\r\n",
                    "\n---\n",
                    "\n...\n",
                    "%YAML 1.1\n---\n",
                    "~",
                    "null",
                    "yes",
                    ".inf",
                    ".nan",
                    "0x",
                    "0b_",
                    "1:99",
                    "1e999",
                    "-0",
                    "9".repeat(400),
                    "\u0000",
                    "\uFEFF",
                    "\uD800",
                    "\uD83D\uDE00",
                    "\u2028",
                    "\u0085",
                    "\\",
                    "\\x",
                    "model",
                    "models",
                    "slices",
                    "sources",
                    "parameters",
                    "value",
                    "filter",
                    "layer_range",
                    "lora",
                    "path",
                    "revision",
                    "+",
                    "=",
                    "  ");

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void onlyBadInputComesOut(long seed) throws Exception {
        List<String> recipes = new ArrayList<>();
        for (Path file : Recipes.golden()) {
            recipes.add(Files.readString(file));
        }
        BadRecipesTest.cases().forEach(bad -> recipes.add(bad.recipe()));
        Random random = new Random(seed);
        int refused = 0;
        for (int round = 0; round < ROUNDS; round++) {
            String text = recipes.get(random.nextInt(recipes.size()));
            for (int change = random.nextInt(4); change >= 0; change--) {
                text = mutate(text, recipes, random);
            }
            refused += readOrRefused(text) ? 0 : 1;
        }
        // Neither all nor nothing: the changes are neither too wild nor without effect.
        assertThat(refused).isBetween(ROUNDS / 4, ROUNDS - ROUNDS / 50);
    }

    static List<byte[]> seeds() throws Exception {
        List<byte[]> seeds = new ArrayList<>();
        for (Path file : Recipes.golden()) {
            seeds.add(Files.readAllBytes(file));
        }
        BadRecipesTest.cases()
                .forEach(bad -> seeds.add(bad.recipe().getBytes(StandardCharsets.UTF_8)));
        return seeds;
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "90s")
    void anyBytes(byte[] bytes) throws Exception {
        String text;
        try {
            text = RecipeReader.text(new ByteArrayInputStream(bytes), "r.yml");
        } catch (BadInputException e) {
            assertThat(e.problems()).hasSize(1);
            return;
        }
        readOrRefused(text);
    }

    private static String mutate(String text, List<String> recipes, Random random) {
        int from = random.nextInt(text.length() + 1);
        int to = Math.min(text.length(), from + random.nextInt(6));
        String other = recipes.get(random.nextInt(recipes.size()));
        String head = text.substring(0, from);
        return switch (random.nextInt(5)) {
            case 0 -> head + text.substring(to);
            case 1 -> head + text.substring(from, to).repeat(3) + text.substring(to);
            case 2 -> head + (char) random.nextInt(0x180) + text.substring(from);
            case 3 -> head + other.substring(random.nextInt(other.length() + 1));
            default -> head + PIECES.get(random.nextInt(PIECES.size())) + text.substring(to);
        };
    }

    private static boolean readOrRefused(String text) {
        try {
            MoeRecipeReader.read(text, "r.yml", ReadOptions.DEFAULT);
        } catch (BadInputException e) {
            assertThat(e.problems()).as(text).isNotEmpty();
        } catch (RuntimeException | StackOverflowError e) {
            throw new AssertionError("as a mixture of experts, the text " + quoted(text), e);
        }
        try {
            Recipe recipe = RecipeReader.read(text, "r.yml");
            assertThat(recipe.method()).isNotBlank();
            return true;
        } catch (BadInputException e) {
            for (Problem problem : e.problems()) {
                assertThat(problem.toString().lines()).as(text).hasSize(1);
                assertThat(problem.where()).as(text).startsWith("r.yml");
            }
            return false;
        } catch (RuntimeException | StackOverflowError e) {
            throw new AssertionError("for the text " + quoted(text), e);
        }
    }

    private static String quoted(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)
                .replace("\n", "\\n");
    }
}
