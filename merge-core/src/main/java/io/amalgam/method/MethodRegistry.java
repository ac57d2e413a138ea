package io.amalgam.method;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The merge methods by name: built-in ones and plug-ins. Immutable and thread-safe. */
public final class MethodRegistry {
    private final Map<String, MergeMethod> methods;

    private MethodRegistry(List<MergeMethod> all) {
        Map<String, MergeMethod> byName = new LinkedHashMap<>();
        for (MergeMethod method : all) {
            MergeMethod earlier = byName.putIfAbsent(method.info().name(), method);
            if (earlier != null) {
                throw new BadInputException(
                        Problem.of(
                                "merge method '"
                                        + method.info().name()
                                        + "' is provided twice, by "
                                        + earlier.getClass().getName()
                                        + " and "
                                        + method.getClass().getName()));
            }
        }
        this.methods = Collections.unmodifiableMap(byName);
    }

    /**
     * These methods, in this order.
     *
     * @throws BadInputException if two have the same name
     */
    public static MethodRegistry of(List<MergeMethod> methods) {
        return new MethodRegistry(methods);
    }

    /**
     * These methods and one more; it replaces a method of the same class.
     *
     * @throws BadInputException if another method has its name
     */
    public MethodRegistry with(MergeMethod method) {
        List<MergeMethod> all = new ArrayList<>(methods.values());
        all.removeIf(other -> other.getClass().equals(method.getClass()));
        all.add(method);
        return new MethodRegistry(all);
    }

    /** All methods, in the order of registration. */
    public Collection<MergeMethod> all() {
        return methods.values();
    }

    /** The names of the parameters of all methods. */
    public Set<String> parameterNames() {
        return all().stream()
                .flatMap(method -> method.info().parameterNames().stream())
                .collect(Collectors.toSet());
    }

    /**
     * @throws BadInputException if no method has that name; the message suggests the nearest one
     */
    public MergeMethod get(String name) {
        MergeMethod method = methods.get(name);
        if (method != null) {
            return method;
        }
        String all = "'amalgam methods' lists all methods";
        String hint = Suggestions.didYouMean(name, methods.keySet(), all);
        throw new BadInputException(Problem.of("unknown merge method '" + name + "'").hint(hint));
    }
}
