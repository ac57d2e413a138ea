package io.amalgam.internal.formats.peft;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.huggingface.JsonFiles;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.TargetedModules;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** Modules and their parts that the settings speak of, against those in the file. */
final class PromisedParts {
    private final ObjectNode config;
    private final Path file;
    private final Collection<LoraModule> modules;

    PromisedParts(ObjectNode config, Path file, Collection<LoraModule> modules) {
        this.config = config;
        this.file = file;
        this.modules = modules;
    }

    /**
     * @param problems DoRA without its vectors, which cannot be computed
     * @param warnings what is merged as the file has it
     */
    void check(List<Problem> problems, List<Problem> warnings) {
        new TargetedModules(config).others(file, modules).ifPresent(warnings::add);
        Predicate<LoraModule> magnitude = module -> module.magnitude().isPresent();
        if (config.path("use_dora").asBoolean(false)) {
            missing("use_dora", "a magnitude vector", magnitude)
                    .map(problem -> problem.hint(JsonFiles.DAMAGED))
                    .ifPresent(problems::add);
        } else {
            unannounced("use_dora", "a magnitude vector", magnitude)
                    .map(problem -> problem.hint("it is merged as DoRA; correct the setting"))
                    .ifPresent(warnings::add);
        }
        Predicate<LoraModule> bias =
                module ->
                        module.bias().isPresent()
                                || module.kind() == LoraModule.Kind.EMBEDDING
                                || module.experts().isPresent();
        if (config.path("lora_bias").asBoolean(false)) {
            missing("lora_bias", "a bias of B", bias)
                    .map(problem -> problem.hint("these are taken as zero, as in PEFT"))
                    .ifPresent(warnings::add);
        } else {
            unannounced("lora_bias", "a bias of B", module -> module.bias().isPresent())
                    .map(problem -> problem.hint("it is added; correct the setting"))
                    .ifPresent(warnings::add);
        }
    }

    private Optional<Problem> missing(String key, String part, Predicate<LoraModule> has) {
        List<String> without = modules.stream().filter(has.negate()).map(LoraModule::name).toList();
        return without.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        Problem.expected(
                                        "'" + key + "'",
                                        part + " for each of " + modules.size() + " modules",
                                        "none for "
                                                + without.size()
                                                + ", such as '"
                                                + without.get(0)
                                                + "'")
                                .at("'" + file + "'"));
    }

    private Optional<Problem> unannounced(String key, String part, Predicate<LoraModule> has) {
        List<String> with = modules.stream().filter(has).map(LoraModule::name).toList();
        return with.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        Problem.expected(
                                        "'" + key + "'",
                                        "true, as "
                                                + with.size()
                                                + " of "
                                                + modules.size()
                                                + " modules have "
                                                + part
                                                + ", such as '"
                                                + with.get(0)
                                                + "'",
                                        config.has(key) ? config.get(key) : "nothing")
                                .at("'" + file + "'"));
    }
}
