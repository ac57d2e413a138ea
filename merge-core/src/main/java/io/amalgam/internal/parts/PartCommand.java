package io.amalgam.internal.parts;

/**
 * The commands that run parts of a merge, as its user gave them: for messages about those that are
 * missing.
 *
 * @param part with {@code {part}} for the number of the part
 * @param pass that makes a part's share of a pass, with {@code {part}} and {@code {pass}}
 */
public record PartCommand(String part, String pass) {
    /** Where nobody gave a command. */
    public static final PartCommand NONE =
            new PartCommand("part {part}", "part {part}, pass {pass}");

    String ofPart(int number) {
        return part.replace("{part}", Integer.toString(number));
    }

    String ofPass(int pass, int number) {
        return this.pass
                .replace("{part}", Integer.toString(number))
                .replace("{pass}", Integer.toString(pass));
    }
}
