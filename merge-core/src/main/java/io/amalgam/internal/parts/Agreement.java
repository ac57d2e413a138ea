package io.amalgam.internal.parts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.InputFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * What all parts of a merge have in common.
 *
 * @param planHash of their plan
 * @param parts how many there are
 * @param inputs as they were when the first part began
 * @param request that the plan was made of
 * @param command that runs a part
 */
public record Agreement(
        String planHash,
        int parts,
        List<InputFile> inputs,
        PlanRequest request,
        PartCommand command) {
    private static final String AGAIN =
            "begin all parts again with EngineOptions.overwrite(true), or choose another output";

    public Agreement {
        inputs = List.copyOf(inputs);
    }

    /** A short name of plan, count and inputs. */
    public String key() {
        StringBuilder text = new StringBuilder(planHash).append(' ').append(parts);
        for (InputFile input : inputs) {
            text.append('\n').append(input.path().getFileName());
            text.append(' ').append(input.bytes()).append(' ').append(input.millis());
        }
        try {
            byte[] hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(text.toString().getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 6);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Makes sure that another part agrees.
     *
     * @throws BadInputException if it does not
     */
    void require(Agreement other, Path out) {
        if (key().equals(other.key())) {
            return;
        }
        String what = "parts in '" + out + "'";
        if (parts != other.parts) {
            throw new BadInputException(
                    Problem.expected(what, "parts of " + parts, "a part of " + other.parts)
                            .hint(AGAIN));
        }
        if (!planHash.equals(other.planHash)) {
            throw new BadInputException(
                    Problem.expected(what, "the same recipe and options for all", "another plan")
                            .hint(AGAIN));
        }
        requireUnchanged(other.inputs);
    }

    /**
     * Makes sure that the inputs are what they were when the first part began.
     *
     * @param now the files of the same plan
     * @throws BadInputException naming the first that changed
     */
    void requireUnchanged(List<InputFile> now) {
        for (int i = 0; i < inputs.size(); i++) {
            InputFile then = inputs.get(i);
            if (i >= now.size()
                    || then.bytes() != now.get(i).bytes()
                    || then.millis() != now.get(i).millis()) {
                throw new BadInputException(
                        Problem.expected(
                                        "input '" + then.path() + "'",
                                        "no change since the first part began",
                                        "a file that was written to")
                                .hint(AGAIN));
            }
        }
    }

    void put(ObjectNode root) {
        root.put("amalgam_parts", 1).put("plan_hash", planHash).put("parts", parts);
        root.put("command", command.part()).put("pass_command", command.pass());
        PartJson.putInputs(root, inputs);
        request.put(root.putObject("request"));
    }

    /**
     * @throws IllegalArgumentException if it is something else
     */
    static Agreement of(JsonNode root) {
        if (root.path("amalgam_parts").asInt() != 1 || root.path("parts").asInt() < 1) {
            throw new IllegalArgumentException("no agreement of parts");
        }
        return new Agreement(
                root.path("plan_hash").asText(),
                root.path("parts").asInt(),
                PartJson.inputs(root),
                PlanRequest.of(root.path("request")),
                new PartCommand(root.path("command").asText(), root.path("pass_command").asText()));
    }
}
