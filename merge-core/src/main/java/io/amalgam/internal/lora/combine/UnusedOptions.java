package io.amalgam.internal.lora.combine;

import io.amalgam.error.Problem;
import io.amalgam.internal.lora.combine.CombineOptions.On;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Finds options that a combination method does not use. */
public final class UnusedOptions {
    private UnusedOptions() {}

    /** Names of given options that change nothing, as a report has them. */
    public static Set<String> of(CombineOptions options) {
        String method = options.method();
        boolean factors = options.on() == On.FACTORS;
        boolean full = factors && method.endsWith("_svd");
        Optional<PeftMethod> peft =
                factors ? PeftMethod.named(method.replaceFirst("_svd$", "")) : Optional.empty();
        Set<String> unused = new LinkedHashSet<>();
        boolean ranked = !factors || full || List.of("svd", "exact").contains(method);
        if (options.rank().isPresent() && !ranked) {
            unused.add("rank");
        }
        boolean dense =
                factors
                        ? peft.filter(PeftMethod::prunes).isPresent()
                        : BuiltInMethods.load().get(method).info().parameter("density").isPresent();
        if (options.density().isPresent() && !dense) {
            unused.add("density");
        }
        if (options.frequency() && !peft.map(PeftMethod::elects).orElse(false)) {
            unused.add("sign_method");
        }
        if (options.clamp().isPresent() && !full && !(factors && method.equals("svd"))) {
            unused.add("svd_clamp");
        }
        if (factors) {
            unused.addAll(new TreeSet<>(options.parameters().keySet()));
        }
        return unused;
    }

    static List<Problem> warnings(CombineOptions options) {
        String method =
                "method '"
                        + options.method()
                        + "'"
                        + (options.on() == On.FACTORS
                                ? ""
                                : " on " + options.on().name().toLowerCase(Locale.ROOT));
        return of(options).stream()
                .map(
                        name ->
                                Problem.of("'" + name + "' has no effect with " + method)
                                        .hint("leave it out, or take a method that uses it"))
                .toList();
    }
}
