package io.amalgam.internal.formats.huggingface;

import io.amalgam.internal.formats.files.FileNames;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The relative imports of a Python file. The text is searched, as transformers does, not
 * understood: an import in a text or under a condition counts.
 */
final class PythonImports {
    private static final Pattern FROM =
            Pattern.compile(
                    "(?m)^[ \\t]*from[ \\t]+(\\.+)([\\w.]*)[ \\t]+import[ \\t]*(\\([^)]*\\)|[^\\n]*)",
                    Pattern.UNICODE_CHARACTER_CLASS);

    private static final Pattern NAME = Pattern.compile("\\w+", Pattern.UNICODE_CHARACTER_CLASS);

    private static final Pattern FILE_NAME =
            Pattern.compile("[\"']([A-Za-z0-9_][A-Za-z0-9_.-]*\\.[A-Za-z0-9_]+)[\"']");

    private PythonImports() {}

    /**
     * {@code from ..a.b import c, d}.
     *
     * @param up folders above that of the importing file
     * @param module its parts, {@code a} and {@code b}; none for {@code from . import}
     * @param names what is imported: modules perhaps
     */
    record Import(int up, List<String> module, List<String> names) {
        Import {
            module = List.copyOf(module);
            names = List.copyOf(names);
        }

        /** As it is written. */
        String text() {
            return ".".repeat(up + 1) + String.join(".", module);
        }
    }

    static List<Import> in(String python) {
        List<Import> found = new ArrayList<>();
        Matcher matcher = FROM.matcher(python);
        while (matcher.find()) {
            List<String> module =
                    Arrays.stream(matcher.group(2).split("\\."))
                            .filter(FileNames::isPlain)
                            .toList();
            found.add(new Import(matcher.group(1).length() - 1, module, names(matcher.group(3))));
        }
        return found;
    }

    private static List<String> names(String list) {
        List<String> names = new ArrayList<>();
        for (String item : list.replaceAll("#[^\\n]*", "").replaceAll("[()]", "").split(",", -1)) {
            Matcher name = NAME.matcher(item);
            if (name.find() && FileNames.isPlain(name.group())) {
                names.add(name.group());
            }
        }
        return names;
    }

    /** Texts in quotes that could be names of files: a tokenizer's code names its vocabulary so. */
    static Set<String> fileNames(String python) {
        Set<String> names = new LinkedHashSet<>();
        FILE_NAME.matcher(python).results().forEach(result -> names.add(result.group(1)));
        return names;
    }
}
