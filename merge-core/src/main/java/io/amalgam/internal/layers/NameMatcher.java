package io.amalgam.internal.layers;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The one rule for tensors that two checkpoints of one architecture call by different names: with
 * or without an outer model's name, {@code language_model.model.} or {@code model.language_model.},
 * old names of layer norms' parameters, and the like.
 *
 * <p>Equal names are partners. Of the others, two are partners if they are equal without what is
 * written in several ways ({@link Spelling}), and no other name on either side is equal to them
 * then. Where more than an outermost name differs, one side must also have a partner for everything
 * it has: else these are two models, not two spellings of one. Nothing is ever chosen among several
 * candidates.
 */
public final class NameMatcher {
    private final Map<Spelling, Map<String, Optional<String>>> known = new HashMap<>();
    private final Set<String> names;

    /**
     * @param names the checkpoint's
     */
    public NameMatcher(Collection<String> names) {
        this.names = Set.copyOf(names);
        for (Spelling spelling : Spelling.values()) {
            Map<String, Optional<String>> plain = new HashMap<>();
            for (String name : this.names) {
                plain.merge(spelling.plain(name), Optional.of(name), (a, b) -> Optional.empty());
            }
            known.put(spelling, plain);
        }
    }

    /**
     * The checkpoint's name for one that is written elsewhere; empty where it has none, or more
     * than one could be meant.
     */
    public Optional<String> find(String wanted) {
        if (names.contains(wanted)) {
            return Optional.of(wanted);
        }
        for (Spelling spelling : Spelling.values()) {
            Optional<String> found =
                    known.getOrDefault(spelling, Map.of())
                            .getOrDefault(spelling.plain(wanted), Optional.empty());
            if (found.isPresent()) {
                return found.filter(name -> !ofOtherModels(wanted, name));
            }
        }
        return Optional.empty();
    }

    /**
     * The names of a checkpoint in the spelling of another, its reference.
     *
     * @return by its own names, in their order, those of them that have a partner under another
     *     name, with that
     */
    public static Map<String, String> partners(Set<String> reference, Set<String> names) {
        if (reference.containsAll(names) || names.containsAll(reference)) {
            return Map.of();
        }
        Map<String, String> templates = templates(templatesOf(reference), templatesOf(names));
        Map<String, String> partners = new LinkedHashMap<>();
        if (templates.isEmpty()) {
            return partners;
        }
        for (String name : names) {
            NameTemplate template = NameTemplate.of(name);
            String other = templates.get(template.text());
            if (other != null) {
                partners.put(name, template.in(other));
            }
        }
        return partners;
    }

    private static Set<String> templatesOf(Collection<String> names) {
        Set<String> templates = new LinkedHashSet<>();
        names.forEach(name -> templates.add(NameTemplate.of(name).text()));
        return templates;
    }

    private static Map<String, String> templates(Set<String> reference, Set<String> own) {
        Set<String> wanted = new LinkedHashSet<>(reference);
        wanted.removeAll(own);
        Set<String> had = new LinkedHashSet<>(own);
        had.removeAll(reference);
        if (wanted.isEmpty() || had.isEmpty()) {
            return Map.of();
        }
        for (Spelling spelling : List.of(Spelling.LANGUAGE, Spelling.VISION)) {
            Map<String, String> found = pairs(wanted, had, spelling);
            if (covers(had, found.keySet()) || covers(wanted, new HashSet<>(found.values()))) {
                return found;
            }
        }
        return pairs(wanted, had, Spelling.OUTER);
    }

    /** Whether these are all, but for what a model may lack: a tied head, constants. */
    private static boolean covers(Set<String> all, Set<String> found) {
        return !found.isEmpty()
                && all.stream()
                        .allMatch(
                                name ->
                                        found.contains(name)
                                                || NonLayerTensors.isHead(name)
                                                || NonLayerTensors.isBuffer(name));
    }

    private static Map<String, String> pairs(
            Set<String> wanted, Set<String> had, Spelling spelling) {
        NameMatcher reference = new NameMatcher(wanted);
        NameMatcher own = new NameMatcher(had);
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String name : had) {
            String plain = spelling.plain(name);
            Optional<String> there = reference.alone(spelling, plain);
            if (there.isPresent()
                    && own.alone(spelling, plain).isPresent()
                    && !ofOtherModels(name, there.get())) {
                pairs.put(name, there.get());
            }
        }
        return pairs;
    }

    private Optional<String> alone(Spelling spelling, String plain) {
        return known.getOrDefault(spelling, Map.of()).getOrDefault(plain, Optional.empty());
    }

    /** Whether one name says that it is of a language model, the other of a vision model. */
    private static boolean ofOtherModels(String a, String b) {
        return (a.contains("vision_model.") && isOfLanguage(b))
                || (b.contains("vision_model.") && isOfLanguage(a));
    }

    private static boolean isOfLanguage(String name) {
        return name.contains("text_model.") || name.contains("language_model.");
    }
}
