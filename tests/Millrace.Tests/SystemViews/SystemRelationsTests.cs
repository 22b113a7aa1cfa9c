// The system relations against a small catalog: every one gives a batch of its columns, and the main ones say what they should.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.SystemViews;

public class SystemRelationsTests
{
    private static readonly CatalogObject Table = new()
    {
        Id = 1,
        Name = "t",
        Kind = ObjectKind.Table,
        Columns = new Schema([new Field("id", SqlType.Integer, false), new Field("Name", SqlType.VarcharOf(10)), new Field("n", SqlType.NumericOf(10, 2))]),
        PrimaryKey = [0],
        Defaults = [null, "'x'", null],
    };

    private static readonly SystemContext Context = new(
        new CatalogSnapshot([Table, new CatalogObject { Id = 2, Name = "i", Kind = ObjectKind.Index, Columns = Schema.Empty, DependsOn = [1], IndexColumns = [1] }]),
        null!,
        null!);

    [Fact]
    public void EveryRelationHasItsColumnsAndNoTwoTheSameIdentity()
    {
        Assert.Equal(SystemRelations.All.Count, SystemRelations.All.Select(r => r.Object.Id).Distinct().Count());
        foreach (SystemRelation relation in SystemRelations.All.Where(r => r.Object.Name
            is not ("pg_settings" or "pg_stat_user_tables" or "pg_prepared_statements" or "pg_cursors" or "pg_stat_activity" or "pg_stat_ssl" or "pg_stat_gssapi"
                or "objects" or "operators" or "segments" or "subscriptions" or "backup" or "generators" or "empty_views" or "missing_rows")))
        {
            Batch batch = relation.Rows(Context);
            Assert.Equal(relation.Object.Columns.Count, batch.Columns.Length);
            Assert.All(batch.Columns, c => Assert.Equal(batch.Count, c.Length));
        }
    }

    [Fact]
    public void ATableIsThereWithItsKeyAndIndexes()
    {
        Assert.Contains("16385|t|r|3", Select("pg_class", "oid", "relname", "relkind", "relnatts"));
        Assert.Contains("t_pkey|i", Select("pg_class", "relname", "relkind"));
        Assert.Contains("1247|pg_type|r", Select("pg_class", "oid", "relname", "relkind"));
        Assert.Equal(["id|23|1|True|False", "Name|1043|2|False|True", "n|1700|3|False|False"],
            [.. Select("pg_attribute", "attrelid", "attname", "atttypid", "attnum", "attnotnull", "atthasdef").Where(r => r.StartsWith("16385|", StringComparison.Ordinal)).Select(r => r[6..])]);
        Assert.Equal(["True", "False"], Select("pg_index", "indisprimary"));
        Assert.Equal(["CREATE UNIQUE INDEX t_pkey ON public.t USING btree (id)", "CREATE INDEX i ON public.t USING btree (\"Name\")"], Select("pg_indexes", "indexdef"));
        Assert.Equal(["t_pkey|p"], Select("pg_constraint", "conname", "contype"));
        Assert.Contains("t|Name|character varying", Select("columns", "table_name", "column_name", "data_type"));
    }

    [Theory]
    [InlineData(23, null, "integer")]
    [InlineData(1043, 14, "character varying(10)")]
    [InlineData(1700, (10 << 16 | 2) + 4, "numeric(10,2)")]
    [InlineData(1007, -1, "integer[]")]
    [InlineData(1185, -1, "timestamp with time zone[]")]
    [InlineData(0, null, "-")]
    [InlineData(99999, null, "???")]
    public void FormatType(int oid, int? modifier, string expected) => Assert.Equal(expected, TypeRows.Format(oid, modifier));

    [Theory]
    [InlineData("int", 23)]
    [InlineData("pg_catalog.int4", 23)]
    [InlineData("double precision", 701)]
    [InlineData("text[]", 1009)]
    [InlineData("nope", null)]
    public void FindType(string name, int? oid) => Assert.Equal(oid, TypeRows.Find(name));

    [Theory]
    [InlineData("t", "t")]
    [InlineData("public.\"T x\"", "public", "T x")]
    [InlineData("A.b", "a", "b")]
    [InlineData("\"a\"\"b\"", "a\"b")]
    public void NamesSplit(string text, params string[] parts) => Assert.Equal(parts, SqlNames.Split(text));

    [Theory]
    [InlineData("a_1", "a_1")]
    [InlineData("A", "\"A\"")]
    [InlineData("1a", "\"1a\"")]
    [InlineData("a\"b", "\"a\"\"b\"")]
    public void NamesQuote(string name, string expected) => Assert.Equal(expected, SqlNames.Quote(name));

    private static List<string> Select(string relation, params string[] columns)
    {
        SystemRelation found = SystemRelations.All.First(r => r.Object.Name == relation);
        Batch batch = found.Rows(Context);
        int[] indexes = [.. columns.Select(found.Object.Columns.IndexOf)];
        return [.. Enumerable.Range(0, batch.Count).Select(row => string.Join("|", indexes.Select(i => BoxedValue.Get(batch.Columns[i], row))))];
    }
}
