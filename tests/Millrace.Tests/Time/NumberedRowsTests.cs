// Numbered columns: no number of a committed row comes twice, whatever crashes in between and whatever is deleted.
using System.Globalization;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sim;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Time;

public sealed class NumberedRowsTests
{
    [Theory]
    [InlineData("(id bigserial PRIMARY KEY, v int)", 1)]
    [InlineData("(id bigserial PRIMARY KEY, v int)", 2)]
    [InlineData("(id bigint GENERATED ALWAYS AS IDENTITY (START WITH 50), v int)", 3)]
    [InlineData("(id bigint GENERATED ALWAYS AS IDENTITY (START WITH 50), v int)", 4)]
    public void NoNumberComesTwice(string columns, ulong seed)
    {
        var random = new SimRandom(seed);
        var engine = new TimedEngine();
        engine.Define($"CREATE TABLE t {columns}");
        var of = new Dictionary<int, long>();
        int rows = 0;
        for (int step = 0; step < 60; step++)
        {
            switch (random.Next(8))
            {
                case 0:
                    engine.Checkpoint();
                    break;
                case 1 or 2:
                    engine.Reopen(crash: random.Next(2) == 0);
                    break;
                case 3 when of.Count > 0:
                    Delete(engine, of.Values.Max());
                    break;
                case 4:
                    Insert(engine, [(of.Values.DefaultIfEmpty(60).Max() + 1 + random.Next(3), ++rows)]);
                    break;
                default:
                    Insert(engine, [.. Enumerable.Range(0, 1 + random.Next(4)).Select(_ => ((long?)null, ++rows))]);
                    break;
            }

            foreach (string[] row in engine.Read("t").Select(r => r.Split('|')))
            {
                (long id, int v) = (long.Parse(row[0], CultureInfo.InvariantCulture), int.Parse(row[1], CultureInfo.InvariantCulture));
                Assert.True(of.TryAdd(v, id) || of[v] == id, $"seed {seed}, step {step}: row {v} had {of[v]}, has {id}");
            }

            Assert.Equal(rows, of.Count);
            Assert.Equal(of.Count, of.Values.Distinct().Count());
        }
    }

    private static void Insert(TimedEngine engine, (long? Id, int V)[] rows)
    {
        CatalogObject table = engine.Engine.Current.Catalog.Find(null, "t")!;
        var builder = new BatchBuilder(table.WrittenColumns);
        foreach ((long? id, int v) in rows)
        {
            if (id is { } given)
            {
                ((FixedBuilder<long>)builder.Columns[0]).Append(given);
            }
            else
            {
                builder.Columns[0].AppendNull();
            }

            ((FixedBuilder<int>)builder.Columns[1]).Append(v);
            builder.EndRow();
        }

        engine.Ask(new WriteRequest([new WriteEntry(table.Id, builder.Share(), WriteRule.Insert)]));
    }

    // The row with the largest number: it would come again if only the rows there are were looked at.
    private static void Delete(TimedEngine engine, long id)
    {
        CatalogObject table = engine.Engine.Current.Catalog.Find(null, "t")!;
        var builder = new BatchBuilder(table.Columns);
        foreach (Batch batch in engine.Engine.Current.Find(table.Id).Scan(engine.Engine.Current.Load))
        {
            for (int row = 0; row < batch.Count; row++)
            {
                if (((FixedColumn<long>)batch.Columns[0]).Values[row] == id)
                {
                    builder.AppendRow(batch, row, -1);
                }
            }
        }

        if (builder.Count > 0)
        {
            engine.Ask(new WriteRequest([new WriteEntry(table.Id, builder.Share(), WriteRule.Change)]));
        }
    }
}
