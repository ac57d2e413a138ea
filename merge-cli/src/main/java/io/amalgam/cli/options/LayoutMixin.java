package io.amalgam.cli.options;

import io.amalgam.internal.structure.moe.MoePlanner;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** How a mixture's experts are named. */
public final class LayoutMixin {
    @Option(
            names = "--layout",
            paramLabel = "KIND",
            converter = Converter.class,
            completionCandidates = Completions.Layouts.class,
            description =
                    "per-expert: a tensor for each expert, which every reader takes; fused: all experts of a layer in one tensor, as"
                            + " transformers 5 holds them. Default: per-expert.")
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
