// The numbers that the engine gives to rows: hidden row ids, and columns GENERATED … AS IDENTITY.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>
/// Numbers rows before they are written, so that the log has their numbers. One count serves a table: where a row has a hidden id and identity columns, all of them
/// are the same number. A number that some statement gives itself moves the count past it, and no number comes twice, whatever crashes.
/// </summary>
internal static class RowNumbers
{
    /// <summary>The first number of a table.</summary>
    public static long First(CatalogObject table) => table.Identities.Count > 0 ? table.Identities[0].Start : 1;

    /// <summary>The rows with a number wherever one is missing.</summary>
    public static Batch Fill(CatalogObject table, Batch batch, RowIdSource numbers)
    {
        bool hidden = table.HiddenColumns > 0;
        int width = table.Columns.Count;
        if (batch.Count == 0 || (!hidden && table.Identities.Count == 0) || (hidden && batch.Columns.Length == width && !batch.Columns[^1].IsNull(0)))
        {
            return batch;
        }

        Column[] columns = new Column[width];
        Array.Copy(batch.Columns, columns, Math.Min(batch.Columns.Length, width - table.HiddenColumns));
        int[] places = Places(table, columns, batch.Count, hidden, out int count);
        if (count == 0)
        {
            return batch;
        }

        long[] taken = numbers.Take(count);
        foreach (IdentityRule rule in table.Identities.Where(r => columns[r.Column].Validity is not null))
        {
            columns[rule.Column] = Filled(table, rule.Column, columns[rule.Column], batch.Count, places, taken);
        }

        if (hidden)
        {
            columns[^1] = new FixedColumn<long>(SqlType.BigInt, taken, taken.Length);
        }

        return new Batch(columns, batch.Count, batch.Weights);
    }

    /// <summary>Takes note of the numbers that rows have which came.</summary>
    public static void Note(CatalogObject table, Batch change, RowIdSource numbers)
    {
        foreach (IdentityRule rule in table.Identities)
        {
            Column column = change.Columns[rule.Column];
            long most = long.MinValue;
            for (int row = 0; row < change.Count; row++)
            {
                if (change.Weight(row) > 0 && !column.IsNull(row))
                {
                    most = Math.Max(most, column switch { FixedColumn<long> c => c.Values[row], FixedColumn<int> c => c.Values[row], FixedColumn<short> c => c.Values[row], _ => most });
                }
            }

            numbers.Used(most);
        }
    }

    // By row, which of the numbers taken is its own; −1 for a row that needs none.
    private static int[] Places(CatalogObject table, Column[] columns, int rows, bool all, out int count)
    {
        int[] places = new int[rows];
        count = 0;
        for (int row = 0; row < rows; row++)
        {
            bool needs = all;
            foreach (IdentityRule rule in table.Identities)
            {
                needs |= columns[rule.Column].IsNull(row);
            }

            places[row] = needs ? count++ : -1;
        }

        return places;
    }

    private static Column Filled(CatalogObject table, int index, Column column, int rows, int[] places, long[] taken)
    {
        ColumnBuilder builder = ColumnBuilder.For(table.Columns[index].Type);
        long most = builder switch { FixedBuilder<short> => short.MaxValue, FixedBuilder<int> => int.MaxValue, _ => long.MaxValue };
        for (int row = 0; row < rows; row++)
        {
            if (!column.IsNull(row))
            {
                builder.AppendFrom(column, row);
                continue;
            }

            long number = taken[places[row]];
            if (number > most)
            {
                throw new SqlException("2200H", $"nextval: reached maximum value of sequence \"{table.Name}_{table.Columns[index].Name}_seq\" ({most})", hint: "make the column a bigint");
            }

            switch (builder)
            {
                case FixedBuilder<short> b: b.Append((short)number); break;
                case FixedBuilder<int> b: b.Append((int)number); break;
                default: ((FixedBuilder<long>)builder).Append(number); break;
            }
        }

        return builder.ToColumn();
    }
}
