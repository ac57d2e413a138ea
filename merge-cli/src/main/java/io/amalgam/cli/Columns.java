package io.amalgam.cli;

import java.util.ArrayList;
import java.util.List;

/** Text in aligned columns; line ends and control characters in it are escaped. */
final class Columns {
    private final List<List<String>> rows = new ArrayList<>();

    Columns row(Object... cells) {
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(Console.oneLine(String.valueOf(cell)));
        }
        rows.add(row);
        return this;
    }

    /** The rows, each column as wide as its widest cell, two spaces between. */
    List<String> lines() {
        List<Integer> widths = new ArrayList<>();
        for (List<String> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                if (i == widths.size()) {
                    widths.add(0);
                }
                widths.set(i, Math.max(widths.get(i), row.get(i).length()));
            }
        }
        return rows.stream().map(row -> line(row, widths)).toList();
    }

    private static String line(List<String> row, List<Integer> widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < row.size(); i++) {
            line.append(row.get(i)).append(" ".repeat(widths.get(i) - row.get(i).length() + 2));
        }
        return line.toString().stripTrailing();
    }

    void print(Console console) {
        lines().forEach(console::print);
    }
}
