package io.amalgam.internal.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.recipe.Location;
import io.amalgam.recipe.Recipe.ChatTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplatesTest {
    private static final ChatTemplate AUTO = new ChatTemplate.Auto(Location.NONE);

    @TempDir Path folder;

    private Path model(String name, String file, String content) throws IOException {
        Path model = Files.createDirectories(folder.resolve(name));
        Files.writeString(model.resolve(file), content);
        return model;
    }

    @Test
    void builtInsAreThere() throws IOException {
        for (String name : ChatTemplate.BUILT_IN) {
            assertThat(ChatTemplates.text(new ChatTemplate.BuiltIn(name, Location.NONE), List.of()))
                    .hasValueSatisfying(text -> assertThat(text).contains("messages"));
        }
    }

    @Test
    void autoTakesTheMostFrequent() throws IOException {
        Path a = model("a", "chat_template.jinja", "one\n");
        Path b = model("b", "tokenizer_config.json", "{\"chat_template\": \" two \"}");
        Path c =
                model(
                        "c",
                        "tokenizer_config.json",
                        "{\"chat_template\": [{\"name\": \"tool\", \"template\": \"x\"},"
                                + " {\"name\": \"default\", \"template\": \"two\"}]}");
        Path d =
                model(
                        "d",
                        "tokenizer_config.json",
                        "{\"chat_template\": {\"default\": \"three\"}}");
        Path none = model("none", "tokenizer_config.json", "{}");
        assertThat(ChatTemplates.text(AUTO, List.of(a, b, c, d, none))).contains("two");
        assertThat(ChatTemplates.text(AUTO, List.of(none, d, a, b))).contains("three");
        assertThat(ChatTemplates.text(AUTO, List.of(none, folder))).isEmpty();
    }

    @Test
    void aTemplateFileComesBeforeTheSetting() throws IOException {
        Path a = model("a", "tokenizer_config.json", "{\"chat_template\": \"old\"}");
        model("a", "chat_template.jinja", "new");
        assertThat(ChatTemplates.text(AUTO, List.of(a))).contains("new");
    }

    @Test
    void tokens() {
        assertThat(
                        ChatTemplates.tokens(
                                "{{ '<|im_start|>' + x + '<|' + role + '|>[|end|]<|im_start|>' }}"))
                .containsExactly("<|im_start|>", "[|end|]");
    }
}
