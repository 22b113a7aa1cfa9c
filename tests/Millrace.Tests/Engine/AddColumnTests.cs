// ALTER … ADD COLUMN where it is delicate: rows only the log holds, records of the older layout, transactions, prepared statements, rows under way.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sim;
using Millrace.Sql;
using Millrace.Sql.Syntax;
using Xunit;

namespace Millrace.Tests.Engine;

public sealed class AddColumnTests
{
    [Fact]
    public void RowsThatOnlyTheLogHoldsAreReadUnderTheWiderSchema()
    {
        // Nothing stays in memory here: every scan reads the log.
        var db = new EngineOnSimDisk(new SimDisk(11) { CompleteAtOnce = true });
        db.Define("CREATE STREAM s (k int, v bigint)");
        db.Define("CREATE MATERIALIZED VIEW narrow AS SELECT * FROM s");
        for (int i = 0; i < 5; i++)
        {
            db.Write("s", [.. Enumerable.Range(0, 3000).Select(j => (j, (long)i))]);
        }

        db.Define("ALTER STREAM s ADD COLUMN note text, ADD COLUMN n int DEFAULT 7");
        db.Define("CREATE MATERIALIZED VIEW wide AS SELECT n, count(note) AS notes, count(*) AS c FROM s GROUP BY n");
        db.Ask(new WriteRequest([NarrowEntry(db, 5)]));
        List<string> expected = db.Everything();
        Assert.Contains("s: 2999|4|~|7 ×1", expected);
        Assert.Contains("s: 1|5|~|7 ×1", expected);
        Assert.Contains("narrow: 1|5 ×1", expected);
        Assert.Contains("wide: 7|0|15002 ×1", expected);
        db.Reopen(crash: true);
        Assert.Equal(expected, db.Everything());
        db.Ask(new CheckpointRequest());
        db.Reopen();
        Assert.Equal(expected, db.Everything());
    }

    [Fact]
    public void RecordsWithoutACountOfColumnsAreRead()
    {
        var narrow = new Schema([new Field("a", SqlType.Integer), new Field("b", SqlType.Text)]);
        var wide = new Schema([.. narrow.Fields, new Field("c", SqlType.Double)]);
        var rows = new BatchBuilder(narrow);
        ((FixedBuilder<int>)rows.Columns[0]).Append(5);
        ((BytesBuilder)rows.Columns[1]).Append("five"u8);
        rows.EndRow();
        ((FixedBuilder<int>)rows.Columns[0]).AppendNull();
        ((BytesBuilder)rows.Columns[1]).AppendNull();
        rows.EndRow();
        var batch = new ByteWriter(64);
        BatchCodec.Write(batch, rows.View());
        var record = new ByteWriter(64);
        record.WriteByte(1); // the version
        record.WriteVarint(12);
        record.WriteInt64(34);
        record.WriteVarint(1);
        record.WriteByte((byte)EntryKind.Append);
        record.WriteVarint(3);
        record.WriteInt32(batch.Length);
        record.Write(batch.Written);

        foreach (Schema now in new[] { narrow, wide })
        {
            (long epoch, long time, List<CommitEntry> entries) = CommitRecord.Read(record.Written, _ => now);
            Assert.Equal((12, 34), (epoch, time));
            Batch read = Assert.Single(entries).Batch!;
            Assert.Equal(2, read.Columns.Length);
            Assert.Equal("5|five", SimText.Row(read, 0, 2));
            Assert.Equal("~|~", SimText.Row(read, 1, 2));
        }

        Assert.Throws<FormatException>(() => CommitRecord.Read(record.Written, _ => narrow.First(1)));
    }

    [Fact]
    public void ARecordCutOrGarbledIsRefused()
    {
        var schema = new Schema([new Field("a", SqlType.Integer), new Field("b", SqlType.Text), new Field("c", SqlType.Boolean)]);
        var rows = new BatchBuilder(schema);
        for (int i = 0; i < 20; i++)
        {
            ((FixedBuilder<int>)rows.Columns[0]).Append(i);
            ((BytesBuilder)rows.Columns[1]).Append("text"u8);
            ((FixedBuilder<bool>)rows.Columns[2]).AppendNull();
            rows.EndRow();
        }

        var record = new ByteWriter(64);
        CommitRecord.Write(record, 1, 2, [new CommitEntry(EntryKind.Append, 3, rows.View(), null)]);
        byte[] bytes = record.Written.ToArray();
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.ThrowsAny<FormatException>(() => CommitRecord.Read(bytes.AsSpan(0, length), _ => schema));
        }

        Assert.Throws<FormatException>(() => CommitRecord.Read(bytes, _ => schema.First(2)));
    }

    [Fact]
    public async Task ATransactionGoesOnWithItsOwnWritesInTheWiderTable()
    {
        using var folder = new TempFolder();
        await using Database db = await Database.OpenAsync(folder.Path);
        await using Session session = db.NewSession();
        await db.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, b int)");
        await db.ExecuteAsync("CREATE STREAM s (k int)");
        await session.ExecuteAsync("BEGIN");
        await session.ExecuteAsync("INSERT INTO t VALUES (1, 10)");
        await session.ExecuteAsync("INSERT INTO s VALUES (1)");
        await session.ExecuteAsync("SAVEPOINT a");
        await session.ExecuteAsync("INSERT INTO t VALUES (2, 20)");
        await session.ExecuteAsync("ALTER TABLE t ADD COLUMN c int DEFAULT 5");
        await session.ExecuteAsync("ALTER STREAM s ADD COLUMN c int DEFAULT 6");
        await session.ExecuteAsync("INSERT INTO t VALUES (3, 30, 33)");
        await session.ExecuteAsync("INSERT INTO s VALUES (2, 22)");
        Assert.Equal(["1|10|5", "2|20|5", "3|30|33"], await RowsAsync(session, "SELECT * FROM t ORDER BY id"));
        Assert.Equal(["1|6", "2|22"], await RowsAsync(session, "SELECT * FROM s"));
        await session.ExecuteAsync("ROLLBACK TO a");
        await session.ExecuteAsync("UPDATE t SET c = c + 1");
        await session.ExecuteAsync("COMMIT");
        Assert.Equal(["1|10|6"], await RowsAsync(session, "SELECT * FROM t ORDER BY id"));
        Assert.Equal(["1|6"], await RowsAsync(session, "SELECT * FROM s"));
    }

    [Fact]
    public async Task PreparedStatementsAreBoundAgain()
    {
        using var folder = new TempFolder();
        await using Database db = await Database.OpenAsync(folder.Path);
        await using Session session = db.NewSession();
        await db.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, b int)");
        await db.ExecuteAsync("INSERT INTO t VALUES (1, 10)");
        PreparedStatement insert = Prepare(session, "INSERT INTO t VALUES (2, 20)");
        PreparedStatement update = Prepare(session, "UPDATE t SET b = b + 1");
        PreparedStatement untold = Prepare(session, "SELECT * FROM t ORDER BY id");
        PreparedStatement told = Prepare(session, "SELECT * FROM t ORDER BY id");
        PreparedStatement named = Prepare(session, "SELECT id, b FROM t ORDER BY id");
        Assert.Equal(2, told.Columns!.Count);
        Assert.Equal(2, named.Columns!.Count);
        await db.ExecuteAsync("ALTER TABLE t ADD COLUMN c int DEFAULT 5");
        await db.ExecuteAsync("INSERT INTO t VALUES (9, 90, 99)");
        await session.ExecuteAsync(insert);
        await session.ExecuteAsync(update);
        Assert.Equal(["1|11|5", "2|21|5", "9|91|99"], Render(await session.ExecuteAsync(untold)));
        Assert.Equal(["1|11", "2|21", "9|91"], Render(await session.ExecuteAsync(named)));

        // Whoever has been told the columns gets those or an error that drivers know.
        SqlException e = await Assert.ThrowsAsync<SqlException>(async () => await session.ExecuteAsync(told));
        Assert.Equal(("0A000", "cached plan must not change result type"), (e.SqlState, e.Message));
    }

    [Fact]
    public async Task ASubscriptionKeepsItsColumnsAndRowsUnderWayAreTaken()
    {
        using var folder = new TempFolder();
        await using Database db = await Database.OpenAsync(folder.Path);
        await using Session session = db.NewSession();
        await db.ExecuteAsync("CREATE STREAM s (k int)");
        StatementResult all = Assert.Single(await session.ExecuteAsync("SUBSCRIBE (SELECT * FROM s) WITH (snapshot = false)"));
        await using Subscription subscription = all.Subscription!;
        Batch made = OneColumn(1);
        await db.ExecuteAsync("ALTER STREAM s ADD COLUMN c int DEFAULT 5");
        await db.AppendAsync("s", made);
        await db.ExecuteAsync("INSERT INTO s VALUES (2, 22)");
        var seen = new List<string>();
        await foreach (SubscriptionEvent e in subscription.Events.ReadAllAsync())
        {
            seen.AddRange(Enumerable.Range(0, e.Batch!.Count).Select(i => SimText.Row(e.Batch, i, e.Batch.Columns.Length)));
            if (seen.Count == 2)
            {
                break;
            }
        }

        Assert.Equal(["1", "2"], seen);
        Assert.Equal(["1|5", "2|22"], await RowsAsync(session, "SELECT * FROM s"));
        SqlException tooNarrow = await Assert.ThrowsAsync<SqlException>(async () => await db.AppendAsync("s", new Batch([], 1)));
        Assert.Equal("42601", tooNarrow.SqlState);
    }

    [Fact]
    public async Task TheKeyOfAStreamIsKeptByColumn()
    {
        using var folder = new TempFolder();
        await using (Database db = await Database.OpenAsync(folder.Path))
        {
            await db.ExecuteAsync("CREATE STREAM s (at timestamptz, v int, host text, \"Data Center\" text) WITH (event_time = 'at', key = '\"Data Center\", host')");
            Assert.Equal([3, 2], db.Catalog.Find(null, "s")!.SeriesKey);
            await db.ExecuteAsync("ALTER STREAM s ADD COLUMN rack text, SET (key = 'host,\"Data Center\",rack')");
            await db.ExecuteAsync("ALTER STREAM s RENAME COLUMN rack TO \"a \"\"b\"\"\"");
        }

        await using Database again = await Database.OpenAsync(folder.Path);
        Assert.Equal([2, 3, 4], again.Catalog.Find(null, "s")!.SeriesKey);
        Assert.Equal("host, \"Data Center\", \"a \"\"b\"\"\"", again.Catalog.Find(null, "s")!.Options["key"]);
    }

    private static Batch OneColumn(int value)
    {
        var builder = new BatchBuilder(new Schema([new Field("k", SqlType.Integer)]));
        ((FixedBuilder<int>)builder.Columns[0]).Append(value);
        builder.EndRow();
        return builder.ToBatch();
    }

    // Made by somebody who has not heard of the new columns.
    private static WriteEntry NarrowEntry(EngineOnSimDisk db, long value)
    {
        var builder = new BatchBuilder(new Schema([new Field("k", SqlType.Integer), new Field("v", SqlType.BigInt)]));
        for (int k = 1; k <= 2; k++)
        {
            ((FixedBuilder<int>)builder.Columns[0]).Append(k);
            ((FixedBuilder<long>)builder.Columns[1]).Append(value);
            builder.EndRow();
        }

        return new WriteEntry(db.Engine.Current.Catalog.Find(null, "s")!.Id, builder.ToBatch(), WriteRule.Append);
    }

    private static PreparedStatement Prepare(Session session, string sql) => session.Prepare(SqlParser.Parse(sql)[0], sql);

    private static async Task<string[]> RowsAsync(Session session, string sql) => Render((await session.ExecuteAsync(sql))[0]);

    private static string[] Render(StatementResult result) => [.. result.Batches.SelectMany(b => Enumerable.Range(0, b.Count)
        .Select(row => SimText.Row(b, row, result.Columns!.Count)))];
}
