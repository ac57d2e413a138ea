package io.amalgam.cli.report;

import io.amalgam.cli.console.Console;
import java.util.List;

/** A growing HTML text. What is given as text is escaped, whatever is in it. */
final class Html {
    private static final String LONG = " class=\"long\"";

    private final StringBuilder text = new StringBuilder();

    /** Headings of a table without rows: they are aligned like the first row. */
    private List<String> heads = List.of();

    /** Text of others inside an element or a quoted attribute; control characters are shown. */
    static String escaped(String other) {
        StringBuilder safe = new StringBuilder();
        Console.oneLine(other)
                .chars()
                .forEach(
                        c -> {
                            switch (c) {
                                case '&' -> safe.append("&amp;");
                                case '<' -> safe.append("&lt;");
                                case '>' -> safe.append("&gt;");
                                case '"' -> safe.append("&quot;");
                                case '\'' -> safe.append("&#39;");
                                default -> safe.append((char) c);
                            }
                        });
        return safe.toString();
    }

    /** Several lines of others' text. */
    static String escapedLines(String other) {
        List<String> lines = other.lines().map(Html::escaped).toList();
        return String.join("\n", lines);
    }

    /** Markup of our own. */
    Html raw(String markup) {
        text.append(markup).append('\n');
        return this;
    }

    Html heading(String id, String title) {
        return raw("<h2 id=\"" + id + "\">" + escaped(title) + "</h2>");
    }

    /**
     * The place of a chart, which the page's script draws.
     *
     * @param number of the chart in the script's data
     */
    Html chart(int number, String title) {
        return raw(
                "<div class=\"chart\"><h3>"
                        + escaped(title)
                        + "</h3><div id=\"chart"
                        + number
                        + "\"></div></div>");
    }

    Html paragraph(String of) {
        return raw("<p>" + escaped(of) + "</p>");
    }

    /** Begins a table; its first column is text. */
    Html table(String attributes, List<String> heads) {
        text.append("<div class=\"wide\"><table").append(attributes).append("><thead><tr>");
        this.heads = heads;
        return this;
    }

    private void heads(List<Cell> first) {
        for (int i = 0; i < heads.size(); i++) {
            boolean longer = i < first.size() && first.get(i).attributes().equals(LONG);
            text.append("<th scope=\"col\"").append(longer ? LONG : "").append('>');
            text.append(escaped(heads.get(i))).append("</th>");
        }
        if (!heads.isEmpty()) {
            raw("</tr></thead><tbody>");
        }
        heads = List.of();
    }

    Html row(List<Cell> cells) {
        heads(cells);
        text.append("<tr>");
        cells.forEach(cell -> text.append(cell.markup()));
        return raw("</tr>");
    }

    Html end() {
        heads(List.of());
        return raw("</tbody></table></div>");
    }

    /**
     * A cell.
     *
     * @param text shown
     * @param attributes of ours
     */
    record Cell(String text, String attributes) {
        static Cell of(Object text) {
            return new Cell(String.valueOf(text), "");
        }

        /** Text that may be broken. */
        static Cell longer(String text) {
            return new Cell(text, LONG);
        }

        /** Sorted by a number. */
        static Cell number(double value, String shown) {
            return new Cell(shown, " data-v=\"" + (Double.isFinite(value) ? value : "") + "\"");
        }

        String markup() {
            return "<td" + attributes + ">" + escaped(text) + "</td>";
        }
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
