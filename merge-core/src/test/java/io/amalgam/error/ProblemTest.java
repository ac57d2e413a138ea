package io.amalgam.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProblemTest {
    @Test
    void partsThatAreThereAreWritten() {
        Problem problem = Problem.expected("shape of 'w'", "[2]", "[3]");
        assertThat(problem).hasToString("shape of 'w': expected [2], got [3]");
        assertThat(problem.at("f:1:2")).hasToString("shape of 'w': expected [2], got [3] (f:1:2)");
        assertThat(problem.at("f:1:2").hint("do this"))
                .hasToString("shape of 'w': expected [2], got [3] (f:1:2); do this");
        assertThat(Problem.of("it is broken").hint("mend it")).hasToString("it is broken; mend it");
        assertThat(Problem.of("it is broken")).hasToString("it is broken");
    }

    @Test
    void exceptionsHoldEveryProblem() {
        Problem one = Problem.of("one");
        Problem two = Problem.of("two");
        BadInputException e = new BadInputException(List.of(one, two));
        assertThat(e).hasMessage("one\ntwo");
        assertThat(e.problems()).containsExactly(one, two);
        RuntimeException cause = new RuntimeException();
        assertThat(new BadInputException(one, cause)).hasCause(cause).hasMessage("one");
    }

    @ParameterizedTest
    @CsvSource({
        "densty, density",
        "wieght, weight",
        "weight, weight",
        "lamda, lambda",
        "normalise, normalize",
        "t, ",
        "temperature, ",
        "'', "
    })
    void theNearestNameIsFoundIfItIsNear(String word, String nearest) {
        List<String> known = List.of("weight", "density", "lambda", "normalize");
        assertThat(Suggestions.nearest(word, known).orElse(null)).isEqualTo(nearest);
    }

    @Test
    void withoutANearNameTheOtherAnswerIsGiven() {
        assertThat(Suggestions.didYouMean("densty", List.of("density"), "none"))
                .isEqualTo("did you mean 'density'?");
        assertThat(Suggestions.didYouMean("xyzzy", List.of("density"), "none")).isEqualTo("none");
    }

    @Test
    void messagesAreOneLineWhateverNamesHold() {
        assertThat(Problem.of("tensor 'a\nb\r\u001b[2J\u202ec\ud800 \ud83d\ude00'"))
                .hasToString("tensor 'a\\nb\\u000d\\u001b[2J\\u202ec\\ud800 \ud83d\ude00'");
    }
}
