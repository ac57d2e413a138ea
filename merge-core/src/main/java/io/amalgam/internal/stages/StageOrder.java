package io.amalgam.internal.stages;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.RecipeFile;
import io.amalgam.recipe.RecipeFile.Document;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Documents in an order in which each comes after those it uses, else as they are written. */
final class StageOrder {
    private final Map<String, Document> named = new HashMap<>();
    private final Set<Document> done = new LinkedHashSet<>();
    private final List<String> path = new ArrayList<>();
    private final Set<Set<String>> circles = new HashSet<>();
    private final List<Problem> problems = new ArrayList<>();

    private StageOrder(RecipeFile file) {
        file.documents().forEach(d -> d.name().ifPresent(name -> named.put(name, d)));
    }

    /**
     * @throws BadInputException if documents use each other in a circle, with every circle found
     */
    static List<Document> of(RecipeFile file) {
        StageOrder order = new StageOrder(file);
        file.documents().forEach(document -> order.visit(document, Location.NONE));
        if (!order.problems.isEmpty()) {
            throw new BadInputException(order.problems);
        }
        return List.copyOf(order.done);
    }

    /** Names of the documents one uses, in the order of the recipe. */
    static List<String> uses(Document document, Set<String> names) {
        return document.recipe().references().stream()
                .map(ModelRef::path)
                .filter(names::contains)
                .distinct()
                .toList();
    }

    private void visit(Document document, Location from) {
        if (done.contains(document)) {
            return;
        }
        String name = document.name().orElse("");
        int begin = path.indexOf(name);
        if (begin >= 0) {
            circle(new ArrayList<>(path.subList(begin, path.size())), from);
            return;
        }
        path.add(name);
        for (ModelRef ref : document.recipe().references()) {
            Document used = named.get(ref.path());
            if (used != null) {
                visit(used, ref.location());
            }
        }
        path.remove(path.size() - 1);
        done.add(document);
    }

    private void circle(List<String> names, Location from) {
        if (!circles.add(new HashSet<>(names))) {
            return;
        }
        names.add(names.get(0));
        problems.add(
                Problem.of(
                                "documents refer to each other in a cycle: "
                                        + String.join(" -> ", names))
                        .at(from)
                        .hint(
                                "a model on disk of the same name is written './"
                                        + names.get(0)
                                        + "'"));
    }
}
