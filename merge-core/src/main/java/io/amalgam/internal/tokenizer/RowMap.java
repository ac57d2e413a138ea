package io.amalgam.internal.tokenizer;

import io.amalgam.internal.tokenizer.RowRule.Copy;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;

/**
 * For every row of a merged embedding, which row of which model it is read from: the indices that
 * re-indexed tensors share. Row {@code r} of model {@code m}'s view is
 *
 * <ol>
 *   <li>the model's own row, if it has the token and the recipe does not force another;
 *   <li>what the recipe says of the token;
 *   <li>the row of the only model that has it;
 *   <li>zeros, if none has it;
 *   <li>the base's row, if it has it;
 *   <li>else the average over the models that have it.
 * </ol>
 *
 * <p>Rows without a token, at the end or in gaps, are the average of the view's other rows.
 * Immutable.
 */
public final class RowMap {
    /** In the place of a model: a row of zeros. */
    static final int ZERO = -1;

    /** In the place of a model: the average over the models that have the token. */
    static final int AVERAGE = -2;

    /** In the place of a model: the average of all rows with tokens. */
    static final int MEAN = -3;

    private final int[][] own;
    private final int[] fillModel;
    private final int[] fillRow;
    private final BitSet forced;
    private final BitSet tokens;

    /**
     * @param own for each model the row of each token's id, -1 where it lacks it
     * @param tokens ids that a token has
     * @param rows of the output, those without tokens included
     * @param base index of the base among the models; -1 if it is not there
     * @param rules what the recipe says, by id
     */
    public RowMap(List<int[]> own, BitSet tokens, int rows, int base, Map<Integer, RowRule> rules) {
        this.own = new int[own.size()][];
        for (int m = 0; m < this.own.length; m++) {
            int[] known = own.get(m);
            this.own[m] = Arrays.copyOf(known, rows);
            Arrays.fill(this.own[m], Math.min(known.length, rows), rows, -1);
        }
        this.tokens = (BitSet) tokens.clone();
        this.fillModel = new int[rows];
        this.fillRow = new int[rows];
        this.forced = new BitSet();
        for (int row = 0; row < rows; row++) {
            fill(row, base);
        }
        rules.forEach(this::rule);
    }

    private void fill(int row, int base) {
        if (!tokens.get(row)) {
            fillModel[row] = MEAN;
            return;
        }
        int having = 0;
        int only = ZERO;
        for (int m = 0; m < own.length; m++) {
            if (own[m][row] >= 0) {
                having++;
                only = m;
            }
        }
        int model = having < 2 ? only : base >= 0 && own[base][row] >= 0 ? base : AVERAGE;
        fillModel[row] = model;
        fillRow[row] = model >= 0 ? own[model][row] : 0;
    }

    private void rule(int row, RowRule rule) {
        if (rule.origin().isPresent()) {
            Copy copy = rule.origin().get();
            fillModel[row] = copy.model();
            fillRow[row] = copy.row();
        } else {
            fillModel[row] = ZERO;
        }
        if (rule.force()) {
            forced.set(row);
        }
    }

    int rows() {
        return fillModel.length;
    }

    int models() {
        return own.length;
    }

    /** Rows that have a token. */
    BitSet tokens() {
        return tokens;
    }

    /** The model that {@code model}'s view of a row is read from, or what stands for one. */
    int modelOf(int model, int row) {
        return ownsRow(model, row) ? model : fillModel[row];
    }

    /** The row to read of that model. */
    int rowOf(int model, int row) {
        return ownsRow(model, row) ? own[model][row] : fillRow[row];
    }

    private boolean ownsRow(int model, int row) {
        return own[model][row] >= 0 && !forced.get(row);
    }

    /** A model's own row of a token, -1 if it lacks it. */
    int ownRow(int model, int row) {
        return own[model][row];
    }

    /** Whether a model's view is just its own first {@code rows} rows. */
    public boolean isIdentity(int model, long storedRows) {
        if (storedRows != rows()) {
            return false;
        }
        for (int row = 0; row < rows(); row++) {
            if (modelOf(model, row) != model || rowOf(model, row) != row) {
                return false;
            }
        }
        return true;
    }

    /** Memory held, in bytes. */
    public long bytesHeld() {
        return (long) rows() * Integer.BYTES * (own.length + 2);
    }
}
