// How fast metrics come in: line protocol and CSV parsed, and line protocol over HTTP into the log.
using System.Net;
using Millrace.Core;
using Millrace.Doors;
using Millrace.Formats;
using Millrace.Doors.LineProtocol;
using Millrace.Log;
using Millrace.Sql;

namespace Millrace.Bench;

/// <summary>The TSBS cpu-only shape (10 tags, 10 fields): parsers on one core, then two clients over HTTP with every write synced.</summary>
internal static class LinesBench
{
    private const string Name = "lines";
    private const int Clients = 2;
    private const int RowsAPost = 10_000;

    public static async Task RunAsync(BenchOptions options, Report report)
    {
        int rows = options.Events ?? 200_000;
        Progress.Say($"{Name}: making rows");
        byte[] lines = CpuRows.Lines(rows);
        byte[] csv = CpuRows.Csv(rows);
        Schema schema = await SchemaAsync();

        Progress.Say($"{Name}: parsing");
        var parseLines = new Measure();
        var makeColumns = new Measure();
        var parseCsv = new Measure();
        for (int run = -2; run < options.Runs; run++)
        {
            await (run < 0 ? new Measure() : parseLines).TakeAsync(rows, () => ParseLines(lines, rows, columns: false));
            await (run < 0 ? new Measure() : makeColumns).TakeAsync(rows, () => ParseLines(lines, rows, columns: true));
            await (run < 0 ? new Measure() : parseCsv).TakeAsync(rows, () => ParseCsv(csv, schema, rows));
        }

        parseLines.AddTo(report, Name, "line protocol parsed");
        makeColumns.AddTo(report, Name, "line protocol parsed, batch made");
        parseCsv.AddTo(report, Name, "CSV parsed, batches made");

        Progress.Say($"{Name}: over HTTP");
        var http = new Measure();
        for (int run = -1; run < options.Runs; run++)
        {
            await PostAsync(run < 0 ? new Measure() : http, lines, rows);
        }

        http.AddTo(report, Name, $"line protocol, HTTP, {Clients} clients, {RowsAPost} lines a request, fsync, client and server together");
    }

    private static async Task<Schema> SchemaAsync()
    {
        using TestFolder folder = TestFolder.Make();
        await using Database database = await folder.OpenAsync(Durability.None);
        await database.ExecuteAsync(CpuRows.Create);
        return database.Catalog.Find(null, "cpu")!.Columns;
    }

    private static void ParseLines(byte[] text, int rows, bool columns)
    {
        var read = new LineReader(_ => null, LineTime.Nanoseconds, 0, new LineLimits());
        for (int at = 0; at < text.Length; at += 64 << 10)
        {
            read.Write(text.AsSpan(at, Math.Min(64 << 10, text.Length - at)));
        }

        read.Complete();
        Check.That(read.Rows == rows && read.Dropped == 0);
        if (!columns)
        {
            return;
        }

        Measurement cpu = read.Measurements.Single();
        foreach (TagColumn tag in cpu.Tags)
        {
            tag.ToColumn(cpu.Series);
        }

        foreach (FieldColumn field in cpu.Fields)
        {
            field.ToColumn(cpu.Count);
        }
    }

    private static void ParseCsv(byte[] text, Schema schema, int rows)
    {
        var read = new RowReader(schema, RowReader.Csv);
        int taken = 0;
        for (int at = 0; at < text.Length; at += 64 << 10)
        {
            read.Write(text.AsSpan(at, Math.Min(64 << 10, text.Length - at)));
            if (read.Rows.Count > 20_000)
            {
                taken += read.TakeBatch().Count;
            }
        }

        read.Complete();
        Check.That(taken + read.TakeBatch().Count == rows);
    }

    private static async Task PostAsync(Measure measure, byte[] lines, int rows)
    {
        List<ReadOnlyMemory<byte>> posts = Posts(lines);
        using TestFolder folder = TestFolder.Make();
        await using Database database = await folder.OpenAsync(Durability.Fsync);
        await using DoorHost doors = await DoorHost.StartAsync(database, new DoorHostOptions { Postgres = null, Http = new IPEndPoint(IPAddress.Loopback, 0) });
        using var client = new HttpClient { BaseAddress = new Uri($"http://{doors.Http}") };
        await measure.TakeAsync(rows, () => Parallel.ForEachAsync(posts, new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (body, cancellation) =>
        {
            using HttpResponseMessage answer = await client.PostAsync("/write?db=bench", new ReadOnlyMemoryContent(body), cancellation);
            Check.That(answer.StatusCode == HttpStatusCode.NoContent);
        }));
        StatementResult count = await database.ExecuteAsync("SELECT count(*) FROM cpu");
        Check.That(((FixedColumn<long>)count.Batches[0].Columns[0]).Values[0] == rows);
    }

    private static List<ReadOnlyMemory<byte>> Posts(byte[] lines)
    {
        var posts = new List<ReadOnlyMemory<byte>>();
        int start = 0;
        int count = 0;
        for (int at = 0; at < lines.Length; at++)
        {
            if (lines[at] == '\n' && (++count % RowsAPost == 0 || at == lines.Length - 1))
            {
                posts.Add(lines.AsMemory(start, at + 1 - start));
                start = at + 1;
            }
        }

        return posts;
    }
}
