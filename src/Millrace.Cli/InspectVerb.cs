// millrace inspect DATA [STREAM]: the segments of a folder, or how the columns of one stream are stored.
using System.CommandLine;
using System.Globalization;
using Millrace.Core.Io;
using Spectre.Console;

namespace Millrace.Cli;

/// <summary>Shows what is on disk: rows, times and bytes by segment; codecs and bytes per value by column.</summary>
internal static class InspectVerb
{
    public static Command Command()
    {
        var data = new Argument<string>("DATA") { Description = "The data folder; no server may have it open" };
        var stream = new Argument<string?>("STREAM") { Description = "A stream or append-only view: shows its columns", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("inspect", "Show segments, codecs and bytes per value") { data, stream };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(data)!, parsed.GetValue(stream), cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string folder, string? stream, CancellationToken cancellation)
    {
        if (!Directory.Exists(folder))
        {
            throw new DataFolderException($"there is no folder {folder}");
        }

        await using Database db = await Database.OpenAsync(folder, new DatabaseOptions { DeliverAlerts = false, RunGenerators = false }, cancellation);
        AnsiConsole.Write(stream is null ? Segments(db) : Columns(db, stream));
        return db.Segments().Any(s => s.Damage is not null) ? Exit.Damaged : Exit.Done;
    }

    private static Table Segments(Database db)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        table.AddColumns("object", "segment");
        table.AddColumn(new TableColumn("rows").RightAligned());
        table.AddColumn(new TableColumn("bytes").RightAligned());
        table.AddColumns("from", "to", "damage");
        foreach (SegmentReport s in db.Segments())
        {
            table.AddRow(
                Markup.Escape(s.Object), Markup.Escape(Path.GetFileName(s.Path)), Number(s.Rows), Number(s.Bytes), Time(s.MinTimeMicros), Time(s.MaxTimeMicros),
                Markup.Escape(s.Damage ?? ""));
        }

        return table;
    }

    private static Table Columns(Database db, string stream)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        table.AddColumns("column", "type");
        table.AddColumn(new TableColumn("values").RightAligned());
        table.AddColumn(new TableColumn("bytes").RightAligned());
        table.AddColumn(new TableColumn("bytes/value").RightAligned());
        IReadOnlyList<ColumnReport> columns = db.InspectColumns(stream);
        bool filters = columns.Any(c => c.FilterBytes > 0);
        if (filters)
        {
            table.AddColumn(new TableColumn("filter bytes").RightAligned());
        }

        table.AddColumn("codecs (blocks)");
        foreach (ColumnReport c in columns)
        {
            IEnumerable<string> codecs = c.Codecs.OrderByDescending(k => k.Value).Take(3).Select(k => $"{k.Key} ({k.Value})");
            string[] filter = !filters ? [] : [c.FilterBytes == 0 ? "" : Number(c.FilterBytes)];
            table.AddRow([
                Markup.Escape(c.Column), Markup.Escape(c.Type), Number(c.Values), Number(c.Bytes), c.BytesPerValue.ToString("0.000", CultureInfo.InvariantCulture),
                .. filter, Markup.Escape(string.Join(", ", codecs) + (c.Codecs.Count > 3 ? $", {c.Codecs.Count - 3} more" : ""))]);
        }

        return table;
    }

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Time(long micros) => DateTime.UnixEpoch.AddTicks(micros * 10).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
