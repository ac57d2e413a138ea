package io.amalgam.cli.inspect;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.console.Columns;
import io.amalgam.cli.console.Console;
import io.amalgam.internal.compare.EffectiveRank;
import io.amalgam.internal.compare.TaskVectorRanks.Ranks;
import io.amalgam.internal.layers.TensorKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Effective ranks of changes: means by kind as a table, all as JSON. */
record RankTables(EffectiveRank kind, List<Ranks> ranks) {
    /**
     * @param models how many
     */
    void print(Console console, int models) {
        Columns columns = new Columns();
        List<Object> heads = new ArrayList<>(List.of("rank (" + kind.word() + ")", "matrices"));
        for (int m = 1; m <= models; m++) {
            heads.add(models == 1 ? "mean" : m);
        }
        heads.add("of");
        columns.row(heads.toArray());
        byKind().forEach(
                        (each, some) -> {
                            List<Object> row = new ArrayList<>(List.of(each.label(), some.size()));
                            for (int m = 0; m < models; m++) {
                                row.add(mean(some, m));
                            }
                            row.add(format(some.stream().mapToLong(Ranks::most).average()));
                            columns.row(row.toArray());
                        });
        console.print("");
        columns.print(console);
    }

    private Map<TensorKind, List<Ranks>> byKind() {
        return ranks.stream()
                .collect(Collectors.groupingBy(Ranks::kind, TreeMap::new, Collectors.toList()));
    }

    private static String mean(List<Ranks> some, int model) {
        return format(
                some.stream()
                        .map(each -> each.models().get(model))
                        .filter(OptionalDouble::isPresent)
                        .mapToDouble(OptionalDouble::getAsDouble)
                        .average());
    }

    private static String format(OptionalDouble value) {
        return value.isPresent() ? String.format(Locale.ROOT, "%.1f", value.getAsDouble()) : "-";
    }

    void json(ObjectNode root) {
        ObjectNode node = root.putObject("effective_rank").put("kind", kind.word());
        ArrayNode tensors = node.putArray("tensors");
        for (Ranks each : ranks) {
            ObjectNode tensor =
                    tensors.addObject().put("name", each.name()).put("most", each.most());
            ArrayNode values = tensor.putArray("ranks");
            for (OptionalDouble value : each.models()) {
                if (value.isPresent()) {
                    values.add(value.getAsDouble());
                } else {
                    values.addNull();
                }
            }
        }
    }
}
