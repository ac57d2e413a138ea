package io.amalgam.contract;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Objects of a kind that others are made of: sources are mostly made of sources. */
final class Reachable {
    private Reachable() {}

    static <T> List<T> from(Object root, Class<T> kind) {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Set<T> found = new LinkedHashSet<>();
        Deque<Object> open = new ArrayDeque<>(List.of(root));
        while (!open.isEmpty()) {
            Object next = open.pop();
            if (!seen.add(next)) {
                continue;
            }
            if (kind.isInstance(next)) {
                found.add(kind.cast(next));
            }
            if (next instanceof Collection<?> all) {
                all.forEach(each -> push(each, open));
            } else if (next instanceof Map<?, ?> map) {
                map.values().forEach(each -> push(each, open));
            } else if (next instanceof Optional<?> optional) {
                optional.ifPresent(each -> push(each, open));
            } else if (next instanceof Object[] array) {
                Arrays.asList(array).forEach(each -> push(each, open));
            } else if (next.getClass().getName().startsWith("io.amalgam.")
                    && !(next instanceof Enum<?>)) {
                fields(next, open);
            }
        }
        return List.copyOf(found);
    }

    private static void push(Object value, Deque<Object> open) {
        if (value != null) {
            open.push(value);
        }
    }

    private static void fields(Object of, Deque<Object> open) {
        for (Class<?> c = of.getClass(); c != null && c != Object.class; c = c.getSuperclass()) {
            for (Field field : c.getDeclaredFields()) {
                if (Modifier.isStatic(field.getModifiers()) || field.getType().isPrimitive()) {
                    continue;
                }
                try {
                    field.setAccessible(true);
                    push(field.get(of), open);
                } catch (IllegalAccessException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
    }
}
