// The shell's parts that can be told without a terminal: completion, sparklines, answers that change, the line as it is typed, history.
using Millrace.Cli.Sql;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class ShellTests
{
    private static readonly CompletionNames Names = new(
        new Dictionary<string, IReadOnlyList<string>>
        {
            ["clicks"] = ["page", "took_ms", "at"],
            ["per_minute"] = ["page", "window_start", "clicks"],
            ["millrace.objects"] = ["name", "kind", "rows"],
        },
        ["avg", "count", "percentile_cont"]);

    // | is the cursor.
    [Theory]
    [InlineData("sel|", "select")]
    [InlineData("SEL|", "SELECT")]
    [InlineData("select 1; ins|", "insert into")]
    [InlineData("SELECT * FROM cl|", "clicks")]
    [InlineData("SELECT * FROM per_minute JOIN cl|", "clicks")]
    [InlineData("SELECT * FROM tu|", "tumble(")]
    [InlineData("INSERT INTO p|", "per_minute")]
    [InlineData("SELECT to| FROM clicks", "took_ms")]
    [InlineData("SELECT to| FROM per_minute", "")]
    [InlineData("SELECT c.to| FROM clicks AS c", "took_ms")]
    [InlineData("SELECT c.| FROM clicks c", "at page took_ms")]
    [InlineData("SELECT perc|", "percentile_cont(")]
    [InlineData("SELECT page FROM clicks WHERE mill|", "")]
    [InlineData("SELECT * FROM millrace.o|", "objects")]
    [InlineData("SELECT millrace.objects.k| FROM millrace.objects", "kind")]
    [InlineData("SELECT 'cl|", "")]
    [InlineData("SELECT 1 -- cl|", "")]
    [InlineData("SELECT 'it''s', to| FROM clicks", "took_ms")]
    [InlineData("CREATE st|", "stream")]
    [InlineData("CREATE TABLE cl|", "")]
    [InlineData("DROP TABLE cl|", "clicks")]
    [InlineData("\\ti|", "\\timing")]
    [InlineData("\\d cl|", "clicks")]
    [InlineData("SUBSCRIBE per|", "per_minute")]
    [InlineData("SELECT page FROM clicks gro|", "group by")]
    public void WhatCouldStandThereIsOffered(string text, string words)
    {
        int cursor = text.IndexOf('|', StringComparison.Ordinal);
        Assert.Equal(words, string.Join(' ', Completion.At(text.Remove(cursor, 1), cursor, Names).Words));
    }

    [Fact]
    public async Task NamesAreThoseThatPeopleCall()
    {
        await using Database database = await Database.OpenInMemoryAsync();
        await database.ExecuteAsync("CREATE TABLE t (id int PRIMARY KEY, place text)");
        await using var runner = new EmbeddedRunner(database.NewSession());
        CompletionNames names = await CompletionLoader.LoadAsync(runner, CancellationToken.None);
        Assert.Contains("count", names.Functions);
        Assert.Contains("lower", names.Functions);
        Assert.DoesNotContain("int4in", names.Functions);
        Assert.DoesNotContain("textout", names.Functions);
        Assert.Equal(["id", "place"], names.Columns["t"]);
    }

    [Fact]
    public void ACompletionNeverFailsAndIsNeverElsewhere()
    {
        const int seed = 4711;
        var random = new Random(seed);
        string[] pieces = ["SELECT ", "FROM ", "clicks", ".", "\"", "'", "--", "\n", ";", "\\", "c", " ", "(", "AS ", "é", "$1"];
        for (int i = 0; i < 20_000; i++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));
            int cursor = random.Next(text.Length + 1);
            CompletionResult found = Completion.At(text, cursor, Names);
            Assert.True(found.Start >= 0 && found.Start <= cursor, $"seed {seed}: {text} at {cursor}");
            string word = text[found.Start..cursor];
            Assert.All(found.Words, w => Assert.StartsWith(word, w, StringComparison.OrdinalIgnoreCase));
        }
    }

    [Theory]
    [InlineData("▁▂▃▄▅▆▇█", "0 1 2 3 4 5 6 7")]
    [InlineData("▁█", "-1e308 1e308")]
    [InlineData("▄▄", "5 5")]
    [InlineData("▁ █", "1 NaN 2")]
    [InlineData(" ▄", "Infinity 2")]
    public void NumbersAreDrawn(string drawn, string values) =>
        Assert.Equal(drawn, Sparkline.Draw([.. values.Split(' ').Select(v => double.Parse(v, System.Globalization.CultureInfo.InvariantCulture))]));

    [Fact]
    public void NoNumbersAreNothing() => Assert.Equal("", Sparkline.Draw([]));

    [Fact]
    public void OnlyTheLastNumbersAreDrawn() => Assert.Equal("▁█", Sparkline.Draw([100, 1, 2], 2));

    [Fact]
    public void ArraysInTablesAreDrawnWhenAskedFor()
    {
        var text = new StringWriter { NewLine = "\n" };
        var printer = new ResultPrinter(text, OutputFormat.Table) { Spark = true };
        printer.Begin(new ResultColumns(["h", "v"], ["text", "double precision[]"]), endless: false);
        printer.Row(["a", "{1,2}"]);
        printer.End(null);
        Assert.Equal(" h | v\n---+----\n a | ▁█\n(1 row)\n", text.ToString());
    }

    [Theory]
    [InlineData("SELECT 1", "SELECT 1", false)]
    [InlineData("SELECT 1;", "SELECT 1", true)]
    [InlineData("SELECT 'a;", "SELECT 'a;", false)]
    [InlineData("SELECT 'it''s;'; ", "SELECT 'it''s;'", true)]
    [InlineData("SELECT \";\", e'\\';';", "SELECT \";\", e'\\';'", true)]
    [InlineData("SELECT $a$ ; $b$ $a$;SELECT $1;", "SELECT $a$ ; $b$ $a$|SELECT $1", true)]
    [InlineData("/* ; /* ; */ ; */ SELECT 1 -- ;\n;", "/* ; /* ; */ ; */ SELECT 1 -- ;\n", true)]
    [InlineData("SELECT 1 -- ;", "SELECT 1 -- ;", false)]
    [InlineData("a;;\n ; b;-- c", "a|b", true)]
    [InlineData("SELECT $$;", "SELECT $$;", false)]
    [InlineData("SELECT name';'", "SELECT name';'", false)]
    [InlineData(";", "", true)]
    [InlineData("", "", false)]
    public void StatementsEndWhereTheyDo(string text, string statements, bool complete)
    {
        List<ScriptStatement> found = ScriptText.Statements(text);
        Assert.Equal(statements, string.Join('|', found.Select(s => s.Text)));
        Assert.All(found, s => Assert.StartsWith(s.Text, text[s.Start..], StringComparison.Ordinal));
        Assert.Equal(complete, ScriptText.IsComplete(text));
    }

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("日本", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("🚀!", 3)]
    [InlineData("▁█", 2)]
    public void WidthsAreThoseOfATerminal(string text, int width)
    {
        Assert.Equal(width, TextWidth.Of(text));
        Assert.Equal(8, TextWidth.Of(TextWidth.PadRight(text, 8)));
        Assert.Equal(8, TextWidth.Of(TextWidth.PadLeft(text, 8)));
        Assert.True(TextWidth.Of(TextWidth.Cut(text + text + text, 4)) <= 4);
    }

    [Fact]
    public void TablesStandInColumnsAndRecordsInLines()
    {
        using var text = new StringWriter { NewLine = "\n" };
        var printer = new ResultPrinter(text, OutputFormat.Table);
        void Print()
        {
            printer.Begin(new ResultColumns(["city", "n"], ["text", "bigint"]), endless: false);
            printer.Row(["東京", "5"]);
            printer.Row(["Graz", null]);
            printer.End(null);
        }

        Print();
        Assert.Equal(" city | n\n------+---\n 東京 | 5\n Graz |\n(2 rows)\n", text.ToString());
        text.GetStringBuilder().Clear();
        printer.Expanded = true;
        Print();
        Assert.Equal("-[ 1 ]-\ncity | 東京\nn    | 5\n-[ 2 ]-\ncity | Graz\nn    |\n(2 rows)\n", text.ToString());
    }

    [Fact]
    public void AnAnswerThatChangesKeepsItsPlaces()
    {
        var table = new LiveTable(new ResultColumns(["page", "n"], ["text", "bigint"]));
        table.Apply(1, 1, ["/a", "1"]);
        table.Apply(1, 1, ["/b", "5"]);
        Assert.Equal([" page | n", "------+---", " /a   | 1", " /b   | 5", "(2 rows; epoch 1, 2 changes; Ctrl-C stops)"], table.Draw(80, 20));
        table.Apply(2, -1, ["/a", "1"]);
        table.Apply(2, 1, ["/a", "3"]);
        table.Apply(3, -1, ["/a", "3"]);
        table.Apply(3, 1, ["/a", "2"]);
        table.Apply(3, 1, ["/c", "9"]);
        Assert.Equal([" page | n |", "------+---+-----", " /a   | 2 | ▁█▅", " /b   | 5 | ▄", " /c   | 9 | ▄", "(3 rows; epoch 3, 7 changes; Ctrl-C stops)"], table.Draw(80, 20));
        table.Apply(4, -1, ["/b", "5"]);
        Assert.Equal(["/a", "/c"], table.Draw(80, 20).Skip(2).Take(2).Select(l => l.Trim()[..2]));
        Assert.Equal("(2 rows, 1 not shown; epoch 4, 8 changes; Ctrl-C stops)", table.Draw(80, 4)[^1]);
        Assert.All(table.Draw(10, 4), l => Assert.True(l.Length <= 10, l));
    }

    [Fact]
    public void AnAnswerThatChangesIsTheSumOfItsChanges()
    {
        const int seed = 99;
        var random = new Random(seed);
        var table = new LiveTable(new ResultColumns(["k", "v"], ["bigint", "bigint"]));
        var plain = new Dictionary<(string, string), int>();
        for (long epoch = 1; epoch < 2_000; epoch++)
        {
            for (int change = random.Next(4); change > 0; change--)
            {
                (string, string) row = ($"{random.Next(4)}", $"{random.Next(3)}");
                int count = plain.GetValueOrDefault(row);
                int weight = count > 0 && random.Next(2) == 0 ? -1 : 1;
                plain[row] = count + weight;
                table.Apply(epoch, weight, [row.Item1, row.Item2]);
            }

            table.Settle();
            Assert.True(
                plain.Where(p => p.Value > 0).Select(p => $"{p.Key.Item1} {p.Key.Item2}").Order().SequenceEqual(table.Rows.Select(r => $"{r[0]} {r[1]}").Order()), $"seed {seed}, epoch {epoch}");
        }
    }

    [Fact]
    public void ALineIsEditedCompletedAndRecalled()
    {
        Assert.Equal("SELECT * FROM clicks ", Type("SELECT * FROM cl\t\r"));
        Assert.Equal("Xabd", Type("abcd", ConsoleKey.LeftArrow, ConsoleKey.Backspace, ConsoleKey.Home, "X\r"));
        Assert.Equal("select 2;", Type("sel", ConsoleKey.UpArrow, "\r"));
        Assert.Equal("select 1;", Type("sel", ConsoleKey.UpArrow, ConsoleKey.UpArrow, ConsoleKey.UpArrow, "\r"));
        Assert.Equal("sel", Type("sel", ConsoleKey.UpArrow, ConsoleKey.UpArrow, ConsoleKey.DownArrow, ConsoleKey.DownArrow, "\r"));
        Assert.Equal("other;", Type("the\u0012\r"));
        Assert.Equal("select 1;", Type("ECT\u0012\u0012\u0012\r"));
        Assert.Equal("", Type("gone\u0003"));
    }

    [Fact]
    public void HistoryIsKeptWithoutSecrets()
    {
        using var folder = new TempFolder();
        string path = folder["below/history"];
        var history = new History(path);
        history.Add("SELECT 1;\n");
        history.Add("SELECT 1;");
        history.Add("CREATE USER a PASSWORD 'x';");
        history.Add("CREATE ALERT a ON (SELECT 1) NOTIFY 'https://hooks.example/secret';");
        history.Add("SELECT\n 'ü';");
        Assert.Equal(["SELECT 1;", "SELECT\n 'ü';"], new History(path).Statements);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        }

        for (int i = 0; i < 1_500; i++)
        {
            history.Add($"SELECT {i};");
        }

        Assert.True(history.Statements.Count <= 1_000);
        Assert.Equal(history.Statements, new History(path).Statements);
        Assert.Equal("SELECT 1499;", history.Statements[^1]);
    }

    private static string Type(params object[] keys)
    {
        var waiting = new Queue<ConsoleKeyInfo>();
        foreach (object key in keys)
        {
            foreach (char c in key as string ?? "")
            {
                waiting.Enqueue(c switch
                {
                    '\r' => new ConsoleKeyInfo(c, ConsoleKey.Enter, false, false, false),
                    '\t' => new ConsoleKeyInfo(c, ConsoleKey.Tab, false, false, false),
                    '\u0003' => new ConsoleKeyInfo(c, ConsoleKey.C, false, false, true),
                    '\u0012' => new ConsoleKeyInfo(c, ConsoleKey.R, false, false, true),
                    _ => new ConsoleKeyInfo(c, ConsoleKey.None, false, false, false),
                });
            }

            if (key is ConsoleKey special)
            {
                waiting.Enqueue(new ConsoleKeyInfo('\0', special, false, false, false));
            }
        }

        var editor = new LineEditor(waiting.Dequeue, TextWriter.Null, () => 80);
        LineEnd end = editor.Read("> ", ["select 1;", "other;", "select 2;"], (text, cursor) => Completion.At(text, cursor, Names));
        return end == LineEnd.Entered ? editor.Text : "";
    }
}
