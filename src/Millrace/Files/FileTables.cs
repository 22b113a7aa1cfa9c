// A file as a relation: its columns from a look at its first rows, and its rows as they are asked for.
using System.Text;
using Millrace.Core;
using Millrace.Formats;
using Millrace.Sql;
using ObjectKind = Millrace.Sql.ObjectKind;

namespace Millrace.Files;

/// <summary>CSV and NDJSON, plain or gzip. Nothing of a file is kept: each query reads it anew.</summary>
internal static class FileTables
{
    private const int SampleBytes = 1 << 20;
    private const int ChunkBytes = 1 << 20;
    private const int BatchRows = 1 << 16;
    private static readonly char[] Delimiters = [',', ';', '\t', '|'];

    /// <summary>The file as the binder knows a relation.</summary>
    /// <param name="name">Its path as it was written.</param>
    /// <param name="rule">Which files may be read.</param>
    /// <param name="position">Where the statement names it.</param>
    /// <param name="number">Which file of the statement it is, from 1.</param>
    /// <exception cref="SqlException">42501: it may not be read; 58P01: there is none; 0A000: its name does not say what is in it; 22P04: it has no columns.</exception>
    public static CatalogObject Open(string name, FileRule rule, int position, int number)
    {
        string path = rule.Resolve(name, position);
        string plain = name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? name[..^3] : name;
        bool? isCsv = Path.GetExtension(plain).ToLowerInvariant() switch
        {
            ".csv" or ".tsv" => true,
            ".ndjson" or ".jsonl" => false,
            _ => null,
        };
        if (isCsv is null)
        {
            throw new SqlException("0A000", $"'{name}' does not end like a file that can be read", position, "CSV (.csv, .tsv) and NDJSON (.ndjson, .jsonl) can, plain or gzip (.gz)");
        }

        var location = new FileLocation(name, path, isCsv.Value ? ',' : null, position);
        (byte[] sample, bool isWhole) = Sample(location);
        List<(string Name, string Type)> columns = isCsv.Value ? Csv(ref location, sample, isWhole) : ColumnGuess.OfJson(sample);
        if (columns.Count == 0)
        {
            throw new SqlException("22P04", $"'{name}' has no rows to tell its columns from", position);
        }

        return new CatalogObject
        {
            Id = int.MinValue + number,
            Namespace = "file",
            Name = Path.GetFileNameWithoutExtension(plain),
            Kind = ObjectKind.System,
            Columns = new Schema([.. columns.Select(c => new Field(c.Name, TypeOf(c.Type)))]),
            File = location,
        };
    }

    /// <summary>The rows of a file, batch by batch.</summary>
    /// <exception cref="SqlException">A row does not fit, with file, line and column; the file cannot be read.</exception>
    public static IEnumerable<Batch> Rows(CatalogObject file)
    {
        FileLocation location = file.File!;
        RowReader? csv = location.Delimiter is { } delimiter
            ? new RowReader(file.Columns, new CopyFormat(CopyKind.Csv, delimiter, "", false, '"', '"'), HeaderUse.Match, skipEmptyLines: true, byName: new ByName())
            : null;
        JsonRowReader? json = csv is null ? new JsonRowReader(file.Columns, lines: true, new ByName()) : null;
        using Stream stream = Opened(location);
        byte[] chunk = new byte[ChunkBytes];
        for (bool more = true; more;)
        {
            int length = Read(location, stream, chunk);
            more = length > 0;
            Batch? batch = Taken(location, csv, json, chunk.AsSpan(0, length));
            if (batch is { Count: > 0 })
            {
                yield return batch;
            }
        }
    }

    private static List<(string Name, string Type)> Csv(ref FileLocation location, byte[] sample, bool isWhole)
    {
        ReadOnlySpan<byte> text = sample.AsSpan().StartsWith("\uFEFF"u8) ? sample.AsSpan(3) : sample;
        int end = text.IndexOf((byte)'\n');
        string line = Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
        char delimiter = Delimiters.MaxBy(d => line.AsSpan().Count(d));
        location = location with { Delimiter = delimiter };
        var header = new CsvTokenizer((byte)delimiter, (byte)'"', (byte)'"', "");
        if (!header.TryRead(text, isWhole, out int used))
        {
            return [];
        }

        string[] names = new string[header.Count];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = Encoding.UTF8.GetString(header.Get(text, i)).Trim();
            if (Array.IndexOf(names, names[i], 0, i) >= 0)
            {
                throw new SqlException("42701", $"{location.Name}:1: column \"{names[i]}\" specified more than once", location.Position);
            }
        }

        return ColumnGuess.OfCsv(names, text[used..], (byte)delimiter, isWhole);
    }

    private static Batch? Taken(FileLocation location, RowReader? csv, JsonRowReader? json, ReadOnlySpan<byte> chunk)
    {
        try
        {
            if (chunk.IsEmpty)
            {
                csv?.Complete();
                json?.Complete();
            }
            else
            {
                csv?.Write(chunk);
                json?.Write(chunk);
            }
        }
        catch (RowException e)
        {
            string column = e.Column is null ? "" : $"column \"{e.Column}\": ";
            string hint = e.Error.Hint ?? $"columns and types come from the first {ColumnGuess.RowsMax:N0} rows; CREATE TABLE says them otherwise, and COPY or millrace import loads the file into it";
            throw new SqlException(e.Error.SqlState, $"{location.Name}:{e.Line}: {column}{e.Error.Message}", location.Position, hint);
        }

        BatchBuilder rows = (csv?.Rows ?? json?.Rows)!;
        if (rows.Count < BatchRows && !chunk.IsEmpty)
        {
            return null;
        }

        if (csv is not null)
        {
            return csv.TakeBatch();
        }

        Batch batch = rows.ToBatch();
        rows.Reset();
        return batch;
    }

    private static (byte[] Bytes, bool IsWhole) Sample(FileLocation location)
    {
        using Stream stream = Opened(location);
        byte[] sample = new byte[SampleBytes];
        int length = Read(location, stream, sample);
        bool isWhole = length < sample.Length;
        return (sample[..(isWhole ? length : sample.AsSpan().LastIndexOf((byte)'\n') + 1)], isWhole);
    }

    private static Stream Opened(FileLocation location)
    {
        try
        {
            if (!File.Exists(location.Path))
            {
                throw new SqlException("58P01", $"there is no file '{location.Name}'", location.Position, Near(location));
            }

            return Gzip.Unpacked(new FileStream(location.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, 1));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SqlException("58030", $"'{location.Name}' cannot be read: {e.Message}", location.Position);
        }
    }

    private static int Read(FileLocation location, Stream stream, Span<byte> into)
    {
        try
        {
            return stream.ReadAtLeast(into, into.Length, throwOnEndOfStream: false);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            throw new SqlException("58030", $"'{location.Name}' cannot be read: {e.Message}", location.Position);
        }
    }

    private static string? Near(FileLocation location) =>
        Path.GetDirectoryName(location.Path) is { } folder && Directory.Exists(folder)
            && RowRules.Nearest(Path.GetFileName(location.Path), Directory.EnumerateFiles(folder).Take(1_000).Select(f => Path.GetFileName(f))) is { } near
            ? $"did you mean '{near}'?" : null;

    private static SqlType TypeOf(string name) => name switch
    {
        "bigint" => SqlType.BigInt,
        "double precision" => SqlType.Double,
        "timestamptz" => SqlType.TimestampTz,
        "boolean" => SqlType.Boolean,
        "jsonb" => SqlType.Jsonb,
        _ => SqlType.Text,
    };
}
