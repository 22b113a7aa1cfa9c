// \copy: files into tables and answers into files, in this process and against a server.
using System.IO.Compression;
using Millrace.Cli.Sql;
using Millrace.Tests.Doors.Postgres;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class CopyTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private Database _database = null!;
    private DoorHost _host = null!;

    public async Task InitializeAsync()
    {
        _database = await Database.OpenInMemoryAsync();
        _host = await DoorHost.StartAsync(_database.NewSession);
        await _database.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, name text)");
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task FilesGoIntoTablesAndAnswersIntoFiles(bool server)
    {
        await using ISqlRunner runner = await RunnerAsync(server);
        string csv = _folder["in.csv"], text = _folder["it's.txt"], back = _folder["out.csv"], packed = _folder["out.csv.gz"];
        File.WriteAllText(csv, "id,name\n1,\"a\nb\"\n2,\n3,\"\"");
        File.WriteAllText(text, "7\tseven\n8\t\\N\n");
        string quoted = text.Replace("'", "''", StringComparison.Ordinal);
        Assert.Equal("COPY 3 COPY 2", await Run(runner, $"\\copy t from '{csv}'\n\\copy t (id, name) from '{quoted}';\n"));
        Assert.Equal("5", await Value("SELECT count(*) FROM t"));
        Assert.Equal("COPY 2", await Run(runner, $"\\copy (SELECT id, name FROM t WHERE id IN (2, 7) AND 'from x' <> 'to y' ORDER BY id) to {back} csv header"));
        Assert.Equal("id,name\n2,\n7,seven\n", File.ReadAllText(back));
        Assert.Equal("COPY 1", await Run(runner, $"\\copy (SELECT name FROM t WHERE id = 1) TO '{back}' WITH (FORMAT csv, DELIMITER ';', QUOTE '''')"));
        Assert.Equal("'a\nb'\n", File.ReadAllText(back));
        Assert.Equal("COPY 5", await Run(runner, $"\\copy t to {packed}"));
        await using (var unpacked = new GZipStream(File.OpenRead(packed), CompressionMode.Decompress))
        {
            Assert.Equal(6, new StreamReader(unpacked).ReadToEnd().Replace("a\nb", "", StringComparison.Ordinal).Trim().Split('\n').Length);
        }

        await Run(runner, "TRUNCATE t");
        Assert.Equal("COPY 5", await Run(runner, $"\\copy t from {packed}"));
        Assert.Equal("5", await Value("SELECT count(*) FROM t"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhatGoesWrongIsToldAndNothingStays(bool server)
    {
        await using ISqlRunner runner = await RunnerAsync(server);
        string bad = _folder["bad.csv"], to = _folder["to.csv"];
        File.WriteAllText(bad, "id,name\n1,a\nx,b\n");
        SqlShellException e = await Assert.ThrowsAsync<SqlShellException>(() => Run(runner, $"\\copy t from '{bad}'"));
        Assert.Equal("22P02", e.SqlState);
        Assert.Contains(bad, e.Message, StringComparison.Ordinal);
        Assert.Contains(server ? "line 3, column id" : ":3: column \"id\"", e.Message, StringComparison.Ordinal);
        Assert.Equal("0", await Value("SELECT count(*) FROM t"));
        Assert.Equal("42P01", (await Assert.ThrowsAsync<SqlShellException>(() => Run(runner, $"\\copy nothing to '{to}'"))).SqlState);
        Assert.Equal("22012", (await Assert.ThrowsAsync<SqlShellException>(() => Run(runner, $"\\copy (SELECT 1 / 0) to '{to}'"))).SqlState);
        Assert.Empty(Directory.GetFiles(_folder[""], "to.csv*"));
        Assert.Equal("58030", (await Assert.ThrowsAsync<SqlShellException>(() => Run(runner, $"\\copy t from '{to}'"))).SqlState);
        Assert.Equal("58030", (await Assert.ThrowsAsync<SqlShellException>(() => Run(runner, $"\\copy t to '{_folder["no/such/folder.csv"]}'"))).SqlState);
        Assert.Equal("INSERT 0 1", await Run(runner, "INSERT INTO t VALUES (5, 'five')"));
    }

    [Theory]
    [InlineData("\\copy t from a.csv", "COPY t FROM STDIN csv header", "a.csv")]
    [InlineData("\\copy t from a.csv.gz ;", "COPY t FROM STDIN csv header", "a.csv.gz")]
    [InlineData("\\copy t from a.tsv", "COPY t FROM STDIN", "a.tsv")]
    [InlineData("\\copy t to 'my file' (format csv)", "COPY t TO STDOUT (format csv)", "my file")]
    [InlineData("\\copy \"to b\" (a, b) TO 'it''s'", "COPY \"to b\" (a, b) TO STDOUT", "it's")]
    [InlineData("\\copy (select 'to x' from t) to stdout csv", "COPY (select 'to x' from t) TO STDOUT csv", null)]
    [InlineData("\\copy t from stdin", "COPY t FROM STDIN", null)]
    public void LinesAreReadAsPsqlReadsThem(string line, string sql, string? file)
    {
        CopyCommand copy = CopyCommand.Parse(line);
        Assert.Equal((sql, file), (copy.Sql, copy.File));
    }

    [Theory]
    [InlineData("\\copy")]
    [InlineData("\\copy t")]
    [InlineData("\\copy t from")]
    [InlineData("\\copy from a.csv")]
    [InlineData("\\copy (select 1) from a.csv")]
    [InlineData("\\copy t to stdin")]
    [InlineData("\\copy t from 'a.csv")]
    public void WhatIsNoneIsRefused(string line) => Assert.Equal("42601", Assert.Throws<SqlShellException>(() => CopyCommand.Parse(line)).SqlState);

    [Fact]
    public void CommandsStandBetweenStatements()
    {
        List<(int Start, string Text)> parts = ShellScript.Parts("SELECT 1;\n\\copy t from a\nSELECT '\n\\copy b\n';\n\\copyright\n");
        Assert.Equal(["SELECT 1;\n", "\\copy t from a\n", "SELECT '\n\\copy b\n';\n\\copyright\n"], parts.Select(p => p.Text));
        Assert.Equal([0, 10, 25], parts.Select(p => p.Start));
    }

    private async Task<ISqlRunner> RunnerAsync(bool server) =>
        server ? await NpgsqlRunner.ConnectAsync($"127.0.0.1:{_host.Port}") : new EmbeddedRunner(_database.NewSession());

    private async Task<string> Value(string sql) => (await _database.QueryAsync<long>(sql))[0].ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static async Task<string> Run(ISqlRunner runner, string script)
    {
        var tags = new Tags();
        await ShellScript.RunAsync(runner, script, tags, CancellationToken.None);
        return string.Join(' ', tags.All);
    }

    private sealed class Tags : IResultSink
    {
        public List<string> All { get; } = [];

        public void Begin(ResultColumns columns, bool endless)
        {
        }

        public void Row(string?[] values)
        {
        }

        public void End(string? tag)
        {
            if (tag is not null)
            {
                All.Add(tag);
            }
        }

        public void Notice(string text)
        {
        }
    }
}
