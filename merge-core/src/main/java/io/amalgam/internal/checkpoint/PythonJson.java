package io.amalgam.internal.checkpoint;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import java.io.IOException;

/**
 * JSON as Python's {@code json.dumps(indent=2)} writes it: {@code "key": value}, and nothing
 * between the brackets of what is empty. Without Jackson's separators, whose settings came with
 * 2.16.
 */
public final class PythonJson extends DefaultPrettyPrinter {
    private static final long serialVersionUID = 1L;

    public PythonJson() {
        DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
        indentObjectsWith(indenter);
        indentArraysWith(indenter);
    }

    @Override
    public DefaultPrettyPrinter createInstance() {
        return new PythonJson();
    }

    @Override
    public void writeObjectFieldValueSeparator(JsonGenerator json) throws IOException {
        json.writeRaw(": ");
    }

    @Override
    public void writeEndObject(JsonGenerator json, int entries) throws IOException {
        end(json, _objectIndenter, entries, '}');
    }

    @Override
    public void writeEndArray(JsonGenerator json, int values) throws IOException {
        end(json, _arrayIndenter, values, ']');
    }

    private void end(JsonGenerator json, Indenter indenter, int inside, char bracket)
            throws IOException {
        _nesting--;
        if (inside > 0) {
            indenter.writeIndentation(json, _nesting);
        }
        json.writeRaw(bracket);
    }
}
