package io.amalgam.cli.lora;

import io.amalgam.cli.console.Columns;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.apply.LoraMatch;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The table of changes by each adapter, by module or with layers grouped. */
final class MatchTable {
    private final List<LoraMatch> matches;

    MatchTable(List<LoraMatch> matches) {
        this.matches = matches;
    }

    /**
     * @param all whether every module has a line of its own
     */
    List<String> lines(boolean all) {
        Columns columns =
                new Columns().row("adapter", "module", "matched", "rank", "scale", "changes");
        Map<List<Object>, Integer> counts = new LinkedHashMap<>();
        for (LoraMatch match : matches) {
            Optional<LoraModule> factors = match.factors();
            List<Object> key =
                    List.of(
                            match.adapter(),
                            all ? match.module() : layersTogether(match.module()),
                            factors.map(f -> String.valueOf(f.rank())).orElse("-"),
                            factors.map(f -> String.format("%.4g", f.scale())).orElse("-"),
                            all
                                    ? match.tensor().orElse("nothing")
                                    : factors.map(f -> f.out() + " x " + f.in())
                                            .orElse("the whole tensor"));
            counts.merge(key, 1, Integer::sum);
        }
        counts.forEach(
                (key, count) ->
                        columns.row(
                                key.get(0), key.get(1), count, key.get(2), key.get(3), key.get(4)));
        return columns.lines();
    }

    /** Numbers as {@code *}: {@code model.layers.*.mlp.up_proj}. */
    static String layersTogether(String module) {
        return module.replaceAll("(?<=^|[._])\\d+(?=[._]|$)", "*");
    }
}
