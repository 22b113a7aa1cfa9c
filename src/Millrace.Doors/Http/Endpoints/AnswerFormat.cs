// How an endpoint's answer is written: JSON, NDJSON or CSV, chosen by the address or by Accept.
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Millrace.Core;
using Millrace.Doors.Formats;
using Millrace.Formats;
using Millrace.Sql;

namespace Millrace.Doors.Http.Endpoints;

/// <summary>What an answer is written as.</summary>
internal enum AnswerKind
{
    /// <summary>One object with the rows as objects.</summary>
    Json,
    /// <summary>An object a line.</summary>
    NdJson,
    /// <summary>A line of names, then a line a row.</summary>
    Csv,
    /// <summary>CSV whose texts a spreadsheet does not take for formulas.</summary>
    Excel,
    /// <summary>A live feed as server-sent events.</summary>
    Events,
}

/// <summary>Chooses and writes.</summary>
internal static class AnswerFormat
{
    /// <summary>What the caller asks for: ?format=, else Accept, else JSON.</summary>
    /// <exception cref="HttpException">400 and 406: nothing that can be given.</exception>
    public static AnswerKind Of(string? format, string accept)
    {
        if (format is not null)
        {
            return format switch
            {
                "json" => AnswerKind.Json,
                "ndjson" => AnswerKind.NdJson,
                "csv" => AnswerKind.Csv,
                "excel" => AnswerKind.Excel,
                "events" => AnswerKind.Events,
                _ => throw new HttpException(400, "Bad parameter", $"parameter \"format\": there is no format \"{format}\"", "use json, ndjson, csv, excel or events"),
            };
        }

        if (accept.Length == 0)
        {
            return AnswerKind.Json;
        }

        foreach (Range part in accept.AsSpan().Split(','))
        {
            ReadOnlySpan<char> type = accept.AsSpan()[part];
            type = type[..(type.IndexOf(';') is >= 0 and var end ? end : type.Length)].Trim();
            switch (type)
            {
                case "application/json" or "*/*" or "application/*": return AnswerKind.Json;
                case "text/event-stream": return AnswerKind.Events;
                case "application/x-ndjson" or "application/ndjson" or "application/jsonl": return AnswerKind.NdJson;
                case "text/csv" or "text/*": return AnswerKind.Csv;
            }
        }

        throw new HttpException(406, "Not acceptable", "none of the types in Accept can be given", "accept application/json, application/x-ndjson, text/csv or text/event-stream");
    }

    /// <summary>The media type of a kind.</summary>
    public static string MediaType(AnswerKind kind) => kind switch
    {
        AnswerKind.Json => "application/json",
        AnswerKind.NdJson => "application/x-ndjson",
        _ => "text/csv; charset=utf-8; header=present",
    };

    /// <summary>The short name of a kind, for ETags.</summary>
    public static char Letter(AnswerKind kind) => "jnce"[(int)kind];

    /// <summary>Writes an answer into <paramref name="to"/>; <paramref name="pause"/> is called every now and then and may take what is there.</summary>
    public static async ValueTask Write(AnswerKind kind, PublishedQuery query, PublishedAnswer answer, ArrayBufferWriter<byte> to, Func<ValueTask> pause)
    {
        if (kind is AnswerKind.Csv or AnswerKind.Excel)
        {
            await WriteCsv(answer.Rows, kind == AnswerKind.Excel, to, pause);
            return;
        }

        AnswerParts parts = AnswerParts.Of(answer.Rows.Columns!);
        RowObjects names = parts.Names;
        await using var json = new Utf8JsonWriter(to, JsonWrite.Options);
        if (kind == AnswerKind.Json)
        {
            json.WriteStartObject();
            json.WriteString("endpoint"u8, query.Name);
            json.WriteString("version"u8, answer.Version.ToString(System.Globalization.CultureInfo.InvariantCulture));
            json.WritePropertyName("columns"u8);
            json.WriteRawValue(parts.Columns, skipInputValidation: true);
            json.WriteNumber("rows"u8, answer.Rows.RowCount);
            json.WriteStartArray("data"u8);
        }

        foreach (Batch batch in answer.Rows.Batches)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                names.Write(json, batch, row);
                if (kind == AnswerKind.NdJson)
                {
                    json.Flush();
                    json.Reset();
                    to.Write("\n"u8);
                }

                if ((row & 255) == 255)
                {
                    json.Flush();
                    await pause();
                }
            }
        }

        if (kind == AnswerKind.Json)
        {
            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.Flush();
    }

    private static async ValueTask WriteCsv(StatementResult rows, bool guard, ArrayBufferWriter<byte> to, Func<ValueTask> pause)
    {
        Schema columns = rows.Columns!;
        var writer = new RowWriter(columns, new CopyFormat(CopyKind.Csv, ',', "", true, '"', '"')) { GuardFormulas = guard };
        var line = new ByteWriter();
        writer.WriteHeader(line);
        foreach (Batch batch in rows.Batches)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                writer.WriteRow(line, batch.Columns, row);
                if ((row & 255) == 255)
                {
                    to.Write(line.Written);
                    line.Reset();
                    await pause();
                }
            }
        }

        to.Write(line.Written);
    }
}

/// <summary>What all JSON answers with the same columns have in common, made once.</summary>
internal sealed class AnswerParts
{
    private static readonly ConditionalWeakTable<Schema, AnswerParts> Made = [];

    private AnswerParts(Schema columns)
    {
        Names = new RowObjects(columns);
        var buffer = new ArrayBufferWriter<byte>(256);
        using var json = new Utf8JsonWriter(buffer, JsonWrite.Options);
        json.WriteStartObject();
        JsonWrite.Columns(json, columns);
        json.WriteEndObject();
        json.Flush();
        Columns = buffer.WrittenSpan["{\"columns\":"u8.Length..^1].ToArray();
    }

    /// <summary>Writes the rows.</summary>
    public RowObjects Names { get; }

    /// <summary>The columns as a JSON array.</summary>
    public byte[] Columns { get; }

    /// <summary>Those of a schema.</summary>
    public static AnswerParts Of(Schema columns) => Made.GetValue(columns, static c => new AnswerParts(c));
}

/// <summary>Rows as JSON objects; the names are escaped once.</summary>
internal sealed class RowObjects(Schema columns)
{
    private readonly JsonEncodedText[] _names = [.. columns.Fields.Select(f => JsonEncodedText.Encode(f.Name, JsonWrite.Options.Encoder))];

    /// <summary>Writes <c>{"name":value, …}</c>.</summary>
    public void Write(Utf8JsonWriter to, Batch batch, int row)
    {
        to.WriteStartObject();
        for (int c = 0; c < _names.Length; c++)
        {
            to.WritePropertyName(_names[c]);
            JsonWrite.Value(to, batch.Columns[c], row);
        }

        to.WriteEndObject();
    }

    /// <summary>Writes some of the columns.</summary>
    public void Write(Utf8JsonWriter to, Batch batch, int row, IReadOnlyList<int> some)
    {
        to.WriteStartObject();
        foreach (int c in some)
        {
            to.WritePropertyName(_names[c]);
            JsonWrite.Value(to, batch.Columns[c], row);
        }

        to.WriteEndObject();
    }
}
