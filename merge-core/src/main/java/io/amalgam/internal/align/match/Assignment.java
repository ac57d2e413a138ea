package io.amalgam.internal.align.match;

import java.util.Arrays;

/**
 * The linear assignment problem, solved exactly: shortest augmenting paths from a start by column
 * and row reduction (Jonker and Volgenant 1987). Ties go to the lowest index, so that the answer is
 * the same everywhere. The dual prices prove it: no reduced cost is below zero, and those of the
 * assignment are zero.
 *
 * @param columns of each row
 * @param rowPrices {@code u}
 * @param columnPrices {@code v}: {@code cost[i][j] - u[i] - v[j] >= 0}, with equality where
 *     assigned
 */
public record Assignment(int[] columns, double[] rowPrices, double[] columnPrices) {
    private static final int REDUCTIONS = 2;
    private static final int TRIES = 2;

    /**
     * The assignment of largest sum.
     *
     * @param gains {@code n x n}, row-major, finite; turned into costs and back
     */
    public static int[] largest(double[] gains, int n) {
        negate(gains);
        int[] columns = smallest(gains, n).columns;
        negate(gains);
        return columns;
    }

    private static void negate(double[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = -values[i];
        }
    }

    /**
     * The assignment of smallest sum.
     *
     * @param costs {@code n x n}, row-major, finite
     */
    public static Assignment smallest(double[] costs, int n) {
        return new Solver(costs, n).solve();
    }

    private static final class Solver {
        private final double[] costs;
        private final int n;
        private final int[] columnOf;
        private final int[] rowOf;
        private final double[] v;

        Solver(double[] costs, int n) {
            this.costs = costs;
            this.n = n;
            this.columnOf = new int[n];
            this.rowOf = new int[n];
            this.v = new double[n];
            Arrays.fill(columnOf, -1);
            Arrays.fill(rowOf, -1);
        }

        Assignment solve() {
            reduceColumns();
            int[] free = free();
            for (int pass = 0; pass < REDUCTIONS && free.length > 0; pass++) {
                reduceRows(free);
                free = free();
            }
            double[] distance = new double[n];
            int[] before = new int[n];
            int[] open = new int[n];
            for (int row : free) {
                augment(row, distance, before, open);
            }
            double[] u = new double[n];
            for (int i = 0; i < n; i++) {
                u[i] = cost(i, columnOf[i]) - v[columnOf[i]];
            }
            return new Assignment(columnOf, u, v);
        }

        private double cost(int row, int column) {
            return costs[row * n + column];
        }

        private int[] free() {
            int[] free = new int[n];
            int count = 0;
            for (int i = 0; i < n; i++) {
                if (columnOf[i] < 0) {
                    free[count++] = i;
                }
            }
            return Arrays.copyOf(free, count);
        }

        /** Each column's least cost is its price; its row gets it if it has none yet. */
        private void reduceColumns() {
            int[] least = new int[n];
            System.arraycopy(costs, 0, v, 0, n);
            for (int i = 1; i < n; i++) {
                int row = i * n;
                for (int j = 0; j < n; j++) {
                    if (costs[row + j] < v[j]) {
                        v[j] = costs[row + j];
                        least[j] = i;
                    }
                }
            }
            for (int j = 0; j < n; j++) {
                if (columnOf[least[j]] < 0) {
                    columnOf[least[j]] = j;
                    rowOf[j] = least[j];
                }
            }
        }

        /**
         * Each free row takes its best column, whose price falls by what the second best costs
         * more; who had it is free in turn. Rows that come back more than once wait for a path.
         */
        private void reduceRows(int[] free) {
            int[] waiting = free.clone();
            int[] tries = new int[n];
            int count = waiting.length;
            for (int k = 0; k < count; ) {
                int i = waiting[k++];
                if (tries[i]++ > TRIES) {
                    continue;
                }
                int row = i * n;
                int best = -1;
                int second = -1;
                double least = Double.POSITIVE_INFINITY;
                double next = Double.POSITIVE_INFINITY;
                for (int j = 0; j < n; j++) {
                    double reduced = costs[row + j] - v[j];
                    if (reduced < next) {
                        if (reduced < least) {
                            next = least;
                            second = best;
                            least = reduced;
                            best = j;
                        } else {
                            next = reduced;
                            second = j;
                        }
                    }
                }
                int taken = best;
                if (least < next && next < Double.POSITIVE_INFINITY) {
                    v[best] -= next - least;
                } else if (rowOf[best] >= 0 && second >= 0) {
                    taken = second;
                }
                int other = rowOf[taken];
                rowOf[taken] = i;
                columnOf[i] = taken;
                if (other >= 0) {
                    columnOf[other] = -1;
                    if (least < next) {
                        waiting[--k] = other;
                    }
                }
            }
        }

        /** The shortest path from a free row to a free column, by reduced costs. */
        private void augment(int from, double[] distance, int[] before, int[] open) {
            for (int j = 0; j < n; j++) {
                distance[j] = cost(from, j) - v[j];
                before[j] = from;
                open[j] = j;
            }
            int done = 0;
            int end = -1;
            double reached = 0;
            while (end < 0) {
                int at = done;
                for (int k = done + 1; k < n; k++) {
                    if (nearer(open[k], open[at], distance)) {
                        at = k;
                    }
                }
                int column = open[at];
                open[at] = open[done];
                open[done++] = column;
                reached = distance[column];
                if (rowOf[column] < 0) {
                    end = column;
                } else {
                    relax(column, reached, done, distance, before, open);
                }
            }
            for (int k = 0; k < done - 1; k++) {
                v[open[k]] += distance[open[k]] - reached;
            }
            for (int column = end, row = -1; row != from; ) {
                row = before[column];
                rowOf[column] = row;
                int next = columnOf[row];
                columnOf[row] = column;
                column = next;
            }
        }

        private boolean nearer(int one, int other, double[] distance) {
            if (distance[one] != distance[other]) {
                return distance[one] < distance[other];
            }
            boolean free = rowOf[one] < 0;
            return free == (rowOf[other] < 0) ? one < other : free;
        }

        private void relax(
                int column, double reached, int done, double[] distance, int[] before, int[] open) {
            int i = rowOf[column];
            int row = i * n;
            double offset = reached - (costs[row + column] - v[column]);
            for (int k = done; k < n; k++) {
                int j = open[k];
                double through = costs[row + j] - v[j] + offset;
                if (through < distance[j]) {
                    distance[j] = through;
                    before[j] = i;
                }
            }
        }
    }
}
