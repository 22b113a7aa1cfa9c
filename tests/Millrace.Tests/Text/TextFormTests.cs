// Every value form read and printed as PostgreSQL 15 does: the rows of tests/sql/text-forms.txt are its own answers.
using System.Text;
using Millrace.Core;
using Xunit;

namespace Millrace.Tests.Text;

public class TextFormTests
{
    [Fact]
    public void ReadsAndPrintsAsPostgreSql()
    {
        var wrong = new List<string>();
        int rows = 0;
        foreach (string[] row in Golden.Rows("text-forms.txt"))
        {
            rows++;
            SqlType type = Golden.TypeOf(row[0]);
            string found;
            try
            {
                ColumnBuilder builder = ColumnBuilder.For(type);
                TextParse.Append(builder, Encoding.UTF8.GetBytes(row[1]));
                found = TextFormat.ToText(builder.View(), 0)!;
            }
            catch (SqlException e)
            {
                found = "!" + e.SqlState + " " + e.Message;
            }

            if (found != row[2])
            {
                wrong.Add($"{row[0]} '{row[1]}': expected {row[2]}, found {found}");
            }
        }

        Assert.True(rows > 300);
        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }
}
