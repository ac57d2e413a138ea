package io.amalgam.cli.options;

import io.amalgam.internal.structure.moe.MoePlanner;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Option for the layout of experts. */
public final class LayoutMixin {
    @Option(
            names = "--layout",
            paramLabel = "KIND",
            converter = Converter.class,
            completionCandidates = Completions.Layouts.class,
            description =
                    "per-expert: separate tensors for each expert, for any reader; fused: one tensor for all experts of a layer, as in transformers 5. Default: per-expert.")
    private MoePlanner.Layout layout = MoePlanner.Layout.AUTO;

    public MoePlanner.Layout layout() {
        return layout;
    }

    /** Names with a hyphen. */
    static final class Converter implements ITypeConverter<MoePlanner.Layout> {
        @Override
        public MoePlanner.Layout convert(String text) {
            String name = text.toUpperCase(Locale.ROOT).replace('-', '_');
            for (MoePlanner.Layout layout : MoePlanner.Layout.values()) {
                if (layout.name().equals(name)) {
                    return layout;
                }
            }
            throw new TypeConversionException("no layout");
        }
    }
}
