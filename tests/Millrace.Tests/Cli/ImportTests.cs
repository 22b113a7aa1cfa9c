// millrace import: each layout, plain and gzip, into a folder and into a server; blocks are cut between records wherever they end.
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using Millrace.Cli.Import;
using Millrace.Core;
using Millrace.Doors;
using Millrace.Doors.LineProtocol;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class ImportTests
{
    private const string Csv = "\uFEFFts,host,Load,up,note\r\n2026-01-01 00:00:00+00,a,1.5,true,\"one, two\"\r\n2026-01-01T00:00:10Z,b,2,false,\n2026-01-01T00:00:20Z,a,,true,\"x\ny\"\n";
    private const string Ndjson = "{\"ts\":\"2026-01-01T00:00:00Z\",\"host\":\"a\",\"n\":1,\"extra\":{\"k\":[1]}}\n\n{\"ts\":\"2026-01-01T00:00:10Z\",\"host\":\"b\",\"n\":2.5,\"extra\":null}\n";
    private const string Lines = "# a comment\ncpu,host=a v=1i,s=\"two\nlines\" 1000000000\ncpu,host=b v=2i 2000000000\n";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EveryLayoutComesIn(bool server)
    {
        using var folder = new TempFolder();
        string csv = Write(folder, "metrics.csv", Csv);
        string json = Write(folder, "events.ndjson.gz", Ndjson, gzip: true);
        string lines = Write(folder, "cpu.lp", Lines);
        await using var place = await Place.OpenAsync(folder["data"], server);
        ImportRun run = await place.LoadAsync(new ImportOptions { Key = "host" }, csv, json, lines);
        Assert.Equal((7, 0), (run.Rows, run.Dropped));
        Assert.Equal(
            "CREATE STREAM \"metrics\" (\"ts\" timestamptz, \"host\" text, \"Load\" double precision, \"up\" boolean, \"note\" text) "
            + "WITH (event_time = 'ts', watermark_delay = '1 minute', key = 'host')", run.Made[0]);
        Assert.Equal(2, run.Made.Count);
        Assert.Equal("a|1.5|t|one, two;b|2|f|null;a|null|t|x\ny", await place.RowsAsync("SELECT host, \"Load\", up, note FROM metrics"));
        Assert.Equal("a|1|{\"k\": [1]};b|2.5|null", await place.RowsAsync("SELECT host, n, extra FROM events"));
        Assert.Equal("1|two\nlines;2|null", await place.RowsAsync("SELECT v, s FROM cpu"));

        // Once more: what is there is taken as it is.
        run = await place.LoadAsync(new ImportOptions { Into = "metrics" }, csv);
        Assert.Empty(run.Made);
        Assert.Equal("6", await place.RowsAsync("SELECT count(*) FROM metrics"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ErrorsNameFileAndLine(bool server)
    {
        using var folder = new TempFolder();
        await using var place = await Place.OpenAsync(folder["data"], server);
        await place.Database.ExecuteAsync("CREATE STREAM t (a bigint, b text)");
        string csv = Write(folder, "t.csv", "a,b\n1,x\n2,\"y\ny\"\nthree,z\n4,w\n");
        ImportException e = await Assert.ThrowsAsync<ImportException>(() => place.LoadAsync(new ImportOptions(), csv));
        Assert.Equal($"{csv}:5: column \"a\": invalid input syntax for type bigint: \"three\"; what stands before line 2 is in, what follows is not", e.Message);
        Assert.Equal("0", await place.RowsAsync("SELECT count(*) FROM t"));
        ImportRun run = await place.LoadAsync(new ImportOptions { Skip = true }, csv);
        Assert.Equal((3, 1), (run.Rows, run.Dropped));
        Assert.Equal($"{csv}:5: column \"a\": invalid input syntax for type bigint: \"three\"", Assert.Single(run.Told));

        string json = Write(folder, "u.ndjson", "{\"a\":5,\"b\":\"x\"}\n{\"a\":6,\"c\":1}\n");
        e = await Assert.ThrowsAsync<ImportException>(() => place.LoadAsync(new ImportOptions { Into = "t" }, json));
        Assert.StartsWith($"{json}:2: there is no column \"c\"", e.Message, StringComparison.Ordinal);
        Assert.Equal((2, 0), await Counts(place.LoadAsync(new ImportOptions { Into = "t", IgnoreUnknown = true }, json)));

        string lines = Write(folder, "m.lp", "m v=1i 1\nm v=\n\nm v=3i 3\n");
        e = await Assert.ThrowsAsync<ImportException>(() => place.LoadAsync(new ImportOptions(), lines));
        Assert.Equal($"{lines}:2: unable to parse 'm v=': missing field value; nothing of the file is in", e.Message);
        Assert.Null(place.Database.Catalog.Find(null, "m"));
        run = await place.LoadAsync(new ImportOptions { Skip = true }, lines);
        Assert.Equal((2, 1), (run.Rows, run.Dropped));
        Assert.Equal($"{lines}:2: unable to parse 'm v=': missing field value", Assert.Single(run.Told));

        string cut = Write(folder, "cut.csv.gz", string.Concat(Enumerable.Range(0, 1000).Select(i => $"{i},{i}\n")), gzip: true);
        await File.WriteAllBytesAsync(cut, (await File.ReadAllBytesAsync(cut))[..^20]);
        e = await Assert.ThrowsAsync<ImportException>(() => place.LoadAsync(new ImportOptions { Into = "t", Columns = ["a", "b"] }, cut));
        Assert.StartsWith(cut, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ManyBlocksKeepTheirOrder(bool server)
    {
        using var folder = new TempFolder();
        var text = new StringBuilder("n,pad\n");
        string pad = new('p', 1000);
        const int rows = 40_000;
        for (int i = 0; i < rows; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{i},\"{pad}\n{i}\"\n");
        }

        string csv = Write(folder, "t.csv", text.ToString());
        Assert.True(new FileInfo(csv).Length > 4L * BlockReader.BlockBytes);
        await using var place = await Place.OpenAsync(folder["data"], server);
        ImportRun run = await place.LoadAsync(new ImportOptions(), csv);
        Assert.Equal(rows, run.Rows);
        Assert.Equal(string.Join(';', Enumerable.Range(0, rows)), await place.RowsAsync("SELECT n FROM t"));
    }

    [Fact]
    public async Task TheVerbSaysWhatItDid()
    {
        using var folder = new TempFolder();
        string csv = Write(folder, "t.csv", "a,b\n1,x\n");
        (int code, string output, string error) = await CliProcess.RunAsync("import", csv, "--data", folder["data"]);
        Assert.True(code == 0, error);
        Assert.StartsWith("1 rows in ", output, StringComparison.Ordinal);
        Assert.Equal("CREATE STREAM \"t\" (\"a\" bigint, \"b\" text)\n", error);
        (code, _, error) = await CliProcess.RunAsync("import", folder["none.csv"], "--data", folder["data"]);
        Assert.Equal((2, $"millrace: there is no file {folder["none.csv"]}\n"), (code, error));
        (code, _, error) = await CliProcess.RunAsync("import", csv, "--server", "127.0.0.1:1");
        Assert.Equal(1, code);
        Assert.StartsWith("millrace: no server answers at 127.0.0.1:1", error, StringComparison.Ordinal);
    }

    [Fact]
    public void LinesAreCutWhereTheReaderEndsThem()
    {
        // What is cut off begins a line of its own: read apart, the two pieces give what the whole gives.
        string[] parts = ["m f=1 1", "m,t=\"x f=2", "m s=\"a\nb\" 3", "# \"quoted", "m s=\"\\\"\n\\\\\" 4", "", "m,t=a\\ b s=\"x\",z=\"=\" 5", "m s=\"=\\\"\n\"", "\r"];
        for (int seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, random.Next(1, 8)).Select(_ => parts[random.Next(parts.Length)] + "\n")));
            byte[] piece = text[..random.Next(text.Length + 1)];
            int cut = LineCut.Last(piece);
            Assert.True(Rows(text) == Rows(text[..cut]) + Rows(text[cut..]), $"seed {seed}, cut at {cut} of {piece.Length}: {Encoding.UTF8.GetString(text)}");
            Assert.True(piece.Length < text.Length || cut == text.Length, $"seed {seed}: {Encoding.UTF8.GetString(text)}");
        }

        static string Rows(byte[] text)
        {
            var read = new LineReader(_ => null, LineTime.Nanoseconds, 0, new LineLimits());
            read.Write(text);
            read.Complete();
            return string.Concat(read.Measurements.SelectMany(m => m.Fields.Select(f => (Field: f, Values: f.ToColumn(m.Count))).SelectMany(f => Enumerable.Range(0, m.Count)
                .Where(r => !f.Values.IsNull(r)).Select(r => (Line: m.Lines[r], Text: $"{f.Field.Name}={TextFormat.ToText(f.Values, r)};"))))
                .OrderBy(r => r.Line).Select(r => r.Text));
        }
    }

    private static async Task<(long, long)> Counts(Task<ImportRun> run) => ((await run).Rows, (await run).Dropped);

    private static string Write(TempFolder folder, string name, string text, bool gzip = false)
    {
        using FileStream file = File.Create(folder[name]);
        using Stream to = gzip ? new GZipStream(file, CompressionLevel.Fastest) : file;
        to.Write(Encoding.UTF8.GetBytes(text));
        return folder[name];
    }

    /// <summary>A database in this process, behind its HTTP door when it is to be a server.</summary>
    private sealed class Place(Database database, DoorHost? host) : IAsyncDisposable
    {
        public Database Database => database;

        public static async Task<Place> OpenAsync(string folder, bool server)
        {
            Database database = await Database.OpenAsync(folder, new DatabaseOptions { Durability = Millrace.Log.Durability.None });
            return new Place(database, server ? await DoorHost.StartAsync(
                database, new DoorHostOptions { Http = new IPEndPoint(IPAddress.Loopback, 0), Postgres = null }) : null);
        }

        public async Task<ImportRun> LoadAsync(ImportOptions options, params string[] files)
        {
            await using IImportTarget target = host is null
                ? EmbeddedTarget.Over(database, options) : await ServerTarget.ConnectAsync(host.Http!.ToString(), options, default);
            var run = new ImportRun(target, options);
            foreach (string file in files)
            {
                await run.LoadAsync(ImportSource.Of(file, options), (_, _) => { }, default);
            }

            return run;
        }

        public async Task<string> RowsAsync(string query)
        {
            StatementResult result = await database.ExecuteAsync(query);
            return string.Join(';', result.Batches.SelectMany(b => Enumerable.Range(0, b.Count).Select(
                row => string.Join('|', b.Columns.Take(result.Columns!.Count).Select(c => TextFormat.ToText(c, row) ?? "null")))));
        }

        public async ValueTask DisposeAsync()
        {
            if (host is not null)
            {
                await host.DisposeAsync();
            }

            await database.DisposeAsync();
        }
    }
}
