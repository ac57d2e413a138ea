package io.amalgam.internal.align.match;

import java.util.Arrays;

/**
 * Optimal transport between units of equal mass: how much of each row's mass goes to each column,
 * for the least cost. Rows have mass {@code 1 / rows}, columns {@code 1 / columns}.
 */
public final class Transport {
    private static final int MOST_ROUNDS = 100_000;
    private static final double PRECISE = 1e-9;

    private Transport() {}

    /**
     * The exact plan. As many rows as columns, or a multiple, are an assignment; others a flow of
     * least cost, in units of mass that divide both.
     *
     * @param costs {@code rows x columns}, row-major
     */
    public static double[] exact(double[] costs, int rows, int columns) {
        if (columns % rows == 0) {
            return assigned(costs, rows, columns);
        }
        if (rows % columns == 0) {
            return turned(assigned(turned(costs, rows, columns), columns, rows), columns, rows);
        }
        return new Flow(costs, rows, columns).plan();
    }

    /** Each row once for every column it gets. */
    private static double[] assigned(double[] costs, int rows, int columns) {
        double[] square = new double[columns * columns];
        for (int i = 0; i < columns; i++) {
            System.arraycopy(costs, i % rows * columns, square, i * columns, columns);
        }
        int[] found = Assignment.smallest(square, columns).columns();
        double[] plan = new double[rows * columns];
        for (int i = 0; i < columns; i++) {
            plan[i % rows * columns + found[i]] = 1.0 / columns;
        }
        return plan;
    }

    private static double[] turned(double[] values, int rows, int columns) {
        double[] turned = new double[values.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                turned[j * rows + i] = values[i * columns + j];
            }
        }
        return turned;
    }

    /**
     * A plan smoothed by entropy (Cuturi 2013), computed from logarithms until its sums are right.
     *
     * @param regularization as a share of the largest cost
     */
    public static double[] sinkhorn(double[] costs, int rows, int columns, double regularization) {
        double largest = 0;
        for (double cost : costs) {
            largest = Math.max(largest, cost);
        }
        double[] scaled = new double[costs.length];
        for (int i = 0; i < costs.length; i++) {
            scaled[i] = -costs[i] / (Math.max(largest, Double.MIN_NORMAL) * regularization);
        }
        double[] f = new double[rows];
        double[] g = new double[columns];
        double[] terms = new double[Math.max(rows, columns)];
        for (int round = 0; round < MOST_ROUNDS; round++) {
            double wrong = 0;
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    terms[j] = scaled[i * columns + j] + g[j];
                }
                double next = -Math.log(rows) - logSum(terms, columns);
                wrong += Math.abs(Math.exp(f[i] - next) - 1) / rows;
                f[i] = next;
            }
            for (int j = 0; j < columns; j++) {
                for (int i = 0; i < rows; i++) {
                    terms[i] = scaled[i * columns + j] + f[i];
                }
                g[j] = -Math.log(columns) - logSum(terms, rows);
            }
            if (round > 0 && wrong < PRECISE) {
                break;
            }
        }
        double[] plan = new double[costs.length];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                plan[i * columns + j] = Math.exp(scaled[i * columns + j] + f[i] + g[j]);
            }
        }
        return plan;
    }

    private static double logSum(double[] terms, int count) {
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            most = Math.max(most, terms[i]);
        }
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += Math.exp(terms[i] - most);
        }
        return most + Math.log(sum);
    }

    /** A flow of least cost by shortest paths: rows supply, columns take, in whole units. */
    private static final class Flow {
        private final double[] costs;
        private final int rows;
        private final int columns;
        private final int[] supply;
        private final int[] demand;
        private final int[] flow;
        private final double[] u;
        private final double[] v;
        private final int total;

        Flow(double[] costs, int rows, int columns) {
            this.costs = costs;
            this.rows = rows;
            this.columns = columns;
            int divisor = divisor(rows, columns);
            this.supply = new int[rows];
            this.demand = new int[columns];
            this.flow = new int[costs.length];
            this.u = new double[rows];
            this.v = new double[columns];
            this.total = rows / divisor * columns;
            Arrays.fill(supply, columns / divisor);
            Arrays.fill(demand, rows / divisor);
            Arrays.fill(v, Double.POSITIVE_INFINITY);
            for (int i = 0; i < costs.length; i++) {
                v[i % columns] = Math.min(v[i % columns], costs[i]);
            }
        }

        private static int divisor(int a, int b) {
            return b == 0 ? a : divisor(b, a % b);
        }

        double[] plan() {
            for (int row = 0; row < rows; row++) {
                while (supply[row] > 0) {
                    augment(row);
                }
            }
            double[] plan = new double[flow.length];
            for (int i = 0; i < plan.length; i++) {
                plan[i] = (double) flow[i] / total;
            }
            return plan;
        }

        /** Sends as much as fits along the shortest path from a row to a column with room. */
        private void augment(int from) {
            double[] toColumn = new double[columns];
            double[] toRow = new double[rows];
            int[] rowBefore = new int[columns];
            int[] columnBefore = new int[rows];
            boolean[] columnDone = new boolean[columns];
            boolean[] rowReached = new boolean[rows];
            Arrays.fill(toColumn, Double.POSITIVE_INFINITY);
            Arrays.fill(columnBefore, -1);
            rowReached[from] = true;
            relax(from, 0, toColumn, rowBefore, columnDone);
            int end = -1;
            double reached = 0;
            while (end < 0) {
                int column = -1;
                for (int j = 0; j < columns; j++) {
                    boolean nearer = column < 0 || toColumn[j] < toColumn[column];
                    if (!columnDone[j] && nearer) {
                        column = j;
                    }
                }
                columnDone[column] = true;
                reached = toColumn[column];
                if (demand[column] > 0) {
                    end = column;
                    break;
                }
                for (int i = 0; i < rows; i++) {
                    if (!rowReached[i] && flow[i * columns + column] > 0) {
                        rowReached[i] = true;
                        toRow[i] = reached;
                        columnBefore[i] = column;
                        relax(i, reached, toColumn, rowBefore, columnDone);
                    }
                }
            }
            for (int j = 0; j < columns; j++) {
                if (columnDone[j]) {
                    v[j] += toColumn[j] - reached;
                }
            }
            for (int i = 0; i < rows; i++) {
                if (rowReached[i]) {
                    u[i] += reached - toRow[i];
                }
            }
            send(from, end, rowBefore, columnBefore);
        }

        private void relax(
                int row, double reached, double[] toColumn, int[] rowBefore, boolean[] done) {
            for (int j = 0; j < columns; j++) {
                double through = reached + costs[row * columns + j] - u[row] - v[j];
                if (!done[j] && through < toColumn[j]) {
                    toColumn[j] = through;
                    rowBefore[j] = row;
                }
            }
        }

        private void send(int from, int end, int[] rowBefore, int[] columnBefore) {
            int amount = Math.min(supply[from], demand[end]);
            for (int j = end; rowBefore[j] != from; j = columnBefore[rowBefore[j]]) {
                int row = rowBefore[j];
                amount = Math.min(amount, flow[row * columns + columnBefore[row]]);
            }
            supply[from] -= amount;
            demand[end] -= amount;
            for (int j = end; ; ) {
                int row = rowBefore[j];
                flow[row * columns + j] += amount;
                if (row == from) {
                    return;
                }
                j = columnBefore[row];
                flow[row * columns + j] -= amount;
            }
        }
    }
}
