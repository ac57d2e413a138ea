package io.amalgam.internal.lora;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.TreeSet;

/** The modules of a model, as the names of its parameters tell. */
public final class ModuleTree {
    private final Map<String, List<String>> own = new LinkedHashMap<>();
    private final NavigableSet<String> paths = new TreeSet<>();
    private final NavigableSet<String> backwards = new TreeSet<>();

    /**
     * @param parameters by the modules' names
     */
    public ModuleTree(Collection<String> parameters) {
        for (String parameter : parameters) {
            String module = module(parameter);
            own.computeIfAbsent(module, unused -> new ArrayList<>()).add(parameter);
            for (String path = module; !path.isEmpty(); path = module(path)) {
                paths.add(path);
                backwards.add(reversed(path));
            }
        }
    }

    /** The module a parameter belongs to; empty for the model itself. */
    public static String module(String parameter) {
        int dot = parameter.lastIndexOf('.');
        return dot < 0 ? "" : parameter.substring(0, dot);
    }

    /** The last part of a name. */
    public static String leaf(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    /** Every module with a parameter in it. */
    public Set<String> paths() {
        return paths;
    }

    public boolean has(String parameter) {
        return own(module(parameter)).contains(parameter);
    }

    /** A module's own parameters. */
    public List<String> own(String module) {
        return own.getOrDefault(module, List.of());
    }

    /** Whether other modules lie in this one. */
    public boolean isAround(String module) {
        return goesOn(paths, module + ".");
    }

    /** Whether the end of another module's name is this name, which PEFT would take for it. */
    public boolean isAmbiguous(String module) {
        return goesOn(backwards, reversed(module));
    }

    private static boolean goesOn(NavigableSet<String> names, String start) {
        String next = names.higher(start);
        return next != null && next.startsWith(start);
    }

    private static String reversed(String name) {
        return new StringBuilder(name).reverse().toString();
    }
}
