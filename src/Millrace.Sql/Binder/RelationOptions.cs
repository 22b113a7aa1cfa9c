// WITH (…), ALTER … SET and RESET: which options an object has, and whether their values can be used.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Checks options before anything is written down: a statement that the log holds must be good for ever.</summary>
public static class RelationOptions
{
    private const string Key = "key";

    // Those that may change while the object lives.
    private static readonly string[] Live = [Retention.TimeOption, Retention.BytesOption, Key];
    private static readonly string[] OfTables = [VersionColumn.Option, "event_time", "watermark_delay", IdleTimeout.Option, .. GeneratorOption.Names, .. Live, "appendonly", "append_only"];

    // RisingWave's, of how its cluster works on an object.
    private static readonly string[] Foreign =
        ["parallelism", "backfill_parallelism", "backfill_rate_limit", "source_rate_limit", "dml_rate_limit", "sink_rate_limit", "streaming_rate_limit", "resource_group"];

    /// <summary>True for an option of RisingWave's that is accepted and has no meaning here.</summary>
    public static bool IsForeign(string key) => Foreign.Contains(key);

    /// <summary>What is said about those.</summary>
    public static IReadOnlyList<string> Notices(IReadOnlyList<Syntax.Option> options) =>
        [.. options.Where(o => IsForeign(o.Key)).Select(o => $"\"{o.Key}\" is an option of RisingWave's and has no effect here")];

    /// <summary>The options of CREATE TABLE and CREATE STREAM by name; their values are looked at by <see cref="Check"/>.</summary>
    public static Dictionary<string, string> OfTable(IReadOnlyList<Syntax.Option> options)
    {
        foreach (Syntax.Option option in options)
        {
            if (option.Key == "connector" || option.Key.StartsWith("connector.", StringComparison.Ordinal))
            {
                throw new SqlException("0A000", "connectors are not supported yet", option.Position, "create a stream without connector and write into it: INSERT, COPY, or POST /v1/streams/NAME");
            }
        }

        return ByName(options, OfTables);
    }

    /// <summary>The options of CREATE VIEW by name.</summary>
    public static Dictionary<string, string> OfView(IReadOnlyList<Syntax.Option> options) => ByName(options, Live);

    /// <summary>Compares the values with the object they are for.</summary>
    /// <exception cref="SqlException">22023, 42703: one of them cannot be used; with its place.</exception>
    public static void Check(CatalogObject o, IReadOnlyList<Syntax.Option> options)
    {
        GeneratorOption.Check(o, options);
        foreach (Syntax.Option option in options.Where(x => x.Key == IdleTimeout.Option))
        {
            CheckIdleTimeout(o, option);
        }

        foreach (Syntax.Option option in options.Where(x => Live.Contains(x.Key)))
        {
            if (o.Kind is not (ObjectKind.Stream or ObjectKind.MaterializedView) || !o.AppendOnly)
            {
                throw new SqlException(
                    "22023", $"{option.Key} is for streams and append-only materialized views, \"{o.Name}\" is none", option.Position,
                    o.Kind == ObjectKind.Table ? "DELETE rows of a table, or make it a stream" : "its rows change with its inputs; EMIT ON WINDOW CLOSE makes it append-only");
            }

            int at = option.Value?.Position ?? option.Position;
            switch (option.Key)
            {
                case Retention.TimeOption: Retention.ParseTime(option.Text ?? "", at); break;
                case Retention.BytesOption: Retention.ParseBytes(option.Text ?? "", at); break;
                default: KeyOption.Columns(option.Text ?? "", o.Columns, o.EventTime, at); break;
            }
        }
    }

    // Only where there is a watermark to hold anybody back with.
    private static void CheckIdleTimeout(CatalogObject o, Syntax.Option option)
    {
        if (o.Kind != ObjectKind.Stream || o.WatermarkDelay < 0)
        {
            throw new SqlException("22023", $"{option.Key} is for streams with a watermark, \"{o.Name}\" is none", option.Position,
                "declare WATERMARK FOR column AS column - INTERVAL '5 seconds'");
        }

        IdleTimeout.Parse(option.Text ?? "", option.Value?.Position ?? option.Position);
    }

    /// <summary>ALTER … SET: new values by name.</summary>
    public static Dictionary<string, string?> Set(CatalogObject o, IReadOnlyList<Syntax.Option> options)
    {
        CheckLive(o, options.Select(x => (x.Key, x.Position)));
        Dictionary<string, string> values = ByName(options, [.. Live, IdleTimeout.Option, GeneratorOption.RateOption]);
        Check(o, options);
        return values.ToDictionary(v => v.Key, v => (string?)v.Value);
    }

    /// <summary>ALTER … RESET: the names, without values.</summary>
    public static Dictionary<string, string?> Reset(CatalogObject o, Syntax.ResetOptionsAction action)
    {
        CheckLive(o, action.Keys.Select(k => (k, action.Position)));
        return action.Keys.Distinct().ToDictionary(k => k, _ => (string?)null);
    }

    /// <summary>The option <c>key</c> after a column got another name.</summary>
    public static IReadOnlyDictionary<string, string> WithColumnRenamed(IReadOnlyDictionary<string, string> options, string from, string to)
    {
        if (!options.TryGetValue(Key, out string? names))
        {
            return options;
        }

        return new Dictionary<string, string>(options) { [Key] = KeyOption.WithColumnRenamed(names, from, to) };
    }

    private static Dictionary<string, string> ByName(IReadOnlyList<Syntax.Option> options, string[] known)
    {
        var result = new Dictionary<string, string>();
        foreach (Syntax.Option option in options)
        {
            if (IsForeign(option.Key))
            {
                continue;
            }

            if (!known.Contains(option.Key))
            {
                throw Unknown(option.Key, option.Position, known);
            }

            result[option.Key] = option.Text ?? "true";
        }

        return result;
    }

    private static void CheckLive(CatalogObject o, IEnumerable<(string Key, int Position)> options)
    {
        foreach ((string key, int position) in options)
        {
            if (Live.Contains(key) || key is IdleTimeout.Option or GeneratorOption.RateOption || IsForeign(key))
            {
                continue;
            }

            throw !OfTables.Contains(key) ? Unknown(key, position, Live) : new SqlException(
                "0A000", $"{key} of \"{o.Name}\" cannot be changed: views may have been computed with it", position,
                "create another stream and copy the rows with INSERT … SELECT");
        }
    }

    private static SqlException Unknown(string key, int position, string[] known) => new(
        "22023", $"unrecognized option \"{key}\"", position, Suggest.Hint(key, known) ?? "the options are " + string.Join(", ", known.Where(k => !k.StartsWith("append", StringComparison.Ordinal))));
}
