package io.amalgam.cli.console;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Text in aligned columns; line ends and control characters in it are escaped. */
public final class Columns {
    private static final int NARROWEST = 12;
    private static final int GAP = 2;

    private final List<List<String>> rows = new ArrayList<>();

    public Columns row(Object... cells) {
        List<String> row = new ArrayList<>();
        for (Object cell : cells) {
            row.add(Console.oneLine(String.valueOf(cell)));
        }
        rows.add(row);
        return this;
    }

    /** The rows, each column as wide as its widest cell, two spaces between. */
    public List<String> lines() {
        return lines(Integer.MAX_VALUE);
    }

    /** As {@link #lines()}, with cells broken between words so that lines are not wider. */
    public List<String> lines(int width) {
        List<Integer> widths = widths();
        narrow(widths, width);
        List<String> lines = new ArrayList<>();
        for (List<String> row : rows) {
            List<List<String>> cells = new ArrayList<>();
            int height = 1;
            for (int i = 0; i < row.size(); i++) {
                cells.add(broken(row.get(i), widths.get(i)));
                height = Math.max(height, cells.get(i).size());
            }
            for (int y = 0; y < height; y++) {
                int at = y;
                List<String> parts =
                        cells.stream().map(c -> at < c.size() ? c.get(at) : "").toList();
                lines.add(line(parts, widths));
            }
        }
        return lines;
    }

    private List<Integer> widths() {
        List<Integer> widths = new ArrayList<>();
        for (List<String> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                if (i == widths.size()) {
                    widths.add(0);
                }
                widths.set(i, Math.max(widths.get(i), row.get(i).length()));
            }
        }
        return widths;
    }

    /** Takes from the widest column first. */
    private static void narrow(List<Integer> widths, int width) {
        long all = GAP * (widths.size() - 1L) + widths.stream().mapToLong(w -> w).sum();
        for (long left = all - width; left > 0; left--) {
            int widest = Collections.max(widths);
            if (widest <= NARROWEST) {
                return;
            }
            widths.set(widths.indexOf(widest), widest - 1);
        }
    }

    private static List<String> broken(String text, int width) {
        List<String> lines = new ArrayList<>();
        String rest = text;
        while (rest.length() > width) {
            int space = rest.lastIndexOf(' ', width);
            int cut = space > 0 ? space : rest.indexOf(' ');
            if (cut <= 0) {
                break; // A word is not cut.
            }
            lines.add(rest.substring(0, cut));
            rest = rest.substring(cut + 1);
        }
        lines.add(rest);
        return lines;
    }

    private static String line(List<String> row, List<Integer> widths) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < row.size(); i++) {
            int gap = Math.max(1, widths.get(i) - row.get(i).length() + GAP);
            line.append(row.get(i)).append(" ".repeat(gap));
        }
        return line.toString().stripTrailing();
    }

    /** On a terminal, no wider than that. */
    public void print(Console console) {
        Terminal terminal = console.terminal();
        lines(terminal.fitted() ? terminal.columns() : Integer.MAX_VALUE).forEach(console::print);
    }
}
