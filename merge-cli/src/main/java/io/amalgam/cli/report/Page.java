package io.amalgam.cli.report;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.console.OwnFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * The frame of every page: styles, scripts and the chart library inside the file, and a policy that
 * keeps browsers from loading anything.
 */
final class Page {
    /** Of the version in the project's pom.xml. */
    private static final String LIBRARY = "/META-INF/resources/webjars/uplot/1.6.30/";

    private static final String CHARTS = LIBRARY + "dist/";
    private static final String POLICY =
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

    /** Begins every page, after three lines. */
    private static final String MARK = "<meta name=\"generator\" content=\"amalgam\">";

    private Page() {}

    /** What pages take the place of. */
    static final OwnFile FILE = new OwnFile("page", ".html", MARK);

    /** A part of a page that the navigation leads to. */
    record Section(String id, String title) {}

    /**
     * @param data for charts; empty if there are none
     */
    static String of(String title, List<Section> sections, String body, Optional<JsonNode> data) {
        Html html = new Html();
        html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">");
        html.raw(MARK);
        html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        html.raw("<meta http-equiv=\"Content-Security-Policy\" content=\"" + POLICY + "\">");
        html.raw("<title>" + Html.escaped(title) + "</title>");
        html.raw("<style>\n" + resource(CHARTS + "uPlot.min.css") + resource("page.css"));
        html.raw("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to content</a>");
        html.raw("<header><h1>" + Html.escaped(title) + "</h1>\n<nav aria-label=\"Sections\">");
        for (Section section : sections) {
            html.raw("<a href=\"#" + section.id() + "\">" + Html.escaped(section.title()) + "</a>");
        }
        html.raw("</nav></header>\n<main id=\"main\">");
        html.raw(body);
        html.raw("</main>\n<footer><p class=\"quiet\">Made with Amalgam.");
        data.ifPresent(node -> html.raw("Charts are drawn by uPlot (MIT licence)."));
        html.raw("</p></footer>");
        data.ifPresent(
                node ->
                        html.raw(
                                "<script type=\"application/json\" id=\"data\">"
                                        + json(node)
                                        + "</script>\n<script>\n/*\n"
                                        // Its licence goes with every copy.
                                        + resource(LIBRARY + "LICENSE")
                                        + "*/\n"
                                        + resource(CHARTS + "uPlot.iife.min.js")
                                        + "\n</script>"));
        html.raw("<script>\n" + resource("page.js") + "</script>\n</body>\n</html>");
        return html.toString();
    }

    /** No text in it can end the element it is in. */
    private static String json(JsonNode data) {
        try {
            return new ObjectMapper()
                    .writeValueAsString(data)
                    .replace("<", "\\u003c")
                    .replace(">", "\\u003e")
                    .replace("&", "\\u0026")
                    .replace("\u2028", "\\u2028")
                    .replace("\u2029", "\\u2029");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String resource(String name) {
        try (InputStream in = Page.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("'" + name + "' is missing on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
