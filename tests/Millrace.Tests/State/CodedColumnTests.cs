// Text that is only codes until somebody asks: however its rows are taken, they are those of the codes.
using System.Globalization;
using System.Text;
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.State;

public sealed class CodedColumnTests
{
    [Fact]
    public void RowsAreTheSameHoweverTheyAreTaken()
    {
        for (int seed = 1; seed <= 300; seed++)
        {
            var random = new Random(seed);
            BytesColumn[] parts = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => Make(random))];
            string?[] expected = [.. parts.SelectMany(Rows)];

            var joined = (BytesColumn)ColumnBuilder.Join(SqlType.Text, parts);
            Assert.True(joined.IsOnlyCoded, $"seed {seed}");
            Assert.Equal(expected, Rows(joined));

            // A builder takes them without writing them out, in one piece and one by one.
            ColumnBuilder range = ColumnBuilder.For(SqlType.Text);
            ColumnBuilder picked = ColumnBuilder.For(SqlType.Text);
            int from = random.Next(expected.Length + 1);
            range.AppendRange(joined, from, expected.Length - from);
            int[] rows = [.. Enumerable.Range(0, expected.Length).Select(_ => random.Next(expected.Length))];
            picked.AppendRows(joined, rows);
            Assert.True(joined.IsOnlyCoded, $"seed {seed}");
            Assert.Equal(expected[from..], Rows(range.View()));
            Assert.Equal(rows.Select(r => expected[r]), Rows(picked.View()));

            // Written out, the copy made before stays codes, and both say the same.
            Batch unread = new Batch([joined], joined.Length).Unread();
            Assert.Equal(expected.Sum(e => e?.Length ?? 0), joined.Offsets[joined.Length]);
            Assert.False(joined.IsOnlyCoded, $"seed {seed}");
            Assert.Equal(expected, Rows(joined));
            Assert.True(((BytesColumn)unread.Columns[0]).IsOnlyCoded, $"seed {seed}");
            Assert.Equal(expected, Rows(unread.Columns[0]));
            int prefix = random.Next(expected.Length + 1);
            Assert.Equal(expected[..prefix], Rows(joined.Prefix(prefix)));
            Assert.Equal(expected[..prefix], Rows(unread.Columns[0].Prefix(prefix)));
        }
    }

    private static BytesColumn Make(Random random)
    {
        var values = (BytesBuilder)ColumnBuilder.For(SqlType.Text);
        int distinct = random.Next(1, 12);
        for (int i = 0; i < distinct; i++)
        {
            values.Append(Encoding.ASCII.GetBytes(i.ToString(CultureInfo.InvariantCulture) + new string('x', random.Next(4))));
        }

        int rows = random.Next(0, 150);
        ulong[]? validity = null;
        for (int row = 0; row < rows && random.Next(3) > 0; row++)
        {
            if (random.Next(4) == 0)
            {
                Validity.SetNull(ref validity, rows, row);
            }
        }

        return BytesColumn.FromCodes((BytesColumn)values.ToColumn(), [.. Enumerable.Range(0, rows).Select(_ => random.Next(distinct))], rows, validity);
    }

    private static string?[] Rows(Column column) =>
        [.. Enumerable.Range(0, column.Length).Select(r => column.IsNull(r) ? null : Encoding.ASCII.GetString(((BytesColumn)column).Span(r)))];
}
