// WITH (generator = …): a stream whose rows the database makes by itself, at a rate.
using System.Globalization;
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>What a stream says of how its rows are made.</summary>
/// <param name="Name">random or nexmark.</param>
/// <param name="Rate">Rows a second; of nexmark, events of all three kinds.</param>
/// <param name="Seed">random: the same seed gives the same rows.</param>
/// <param name="Events">nexmark: person, auction or bid.</param>
public sealed record GeneratorOption(string Name, long Rate, long Seed, string Events)
{
    /// <summary>The option that makes a stream such a one.</summary>
    public const string Option = "generator";

    /// <summary>The option with the rate, which may change.</summary>
    public const string RateOption = "rate";

    /// <summary>Rows a second where nobody says.</summary>
    public const long RateDefault = 1_000;

    /// <summary>The highest rate.</summary>
    public const long RateMax = 1_000_000;

    private const string SeedOption = "seed";
    private const string EventsOption = "events";
    private const string Random = "random";
    private const string Nexmark = "nexmark";

    private static readonly Dictionary<string, string> Columns = new()
    {
        [Random] = "id bigint, name text, value double precision, at timestamptz, WATERMARK FOR at AS at - INTERVAL '5 seconds'",
        ["person"] = "id bigint, name text, email_address text, credit_card text, city text, state text, date_time timestamp, extra text, "
            + "WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds'",
        ["auction"] = "id bigint, item_name text, description text, initial_bid bigint, reserve bigint, date_time timestamp, expires timestamp, seller bigint, category bigint, "
            + "extra text, WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds'",
        ["bid"] = "auction bigint, bidder bigint, price bigint, channel text, url text, date_time timestamp, extra text, WATERMARK FOR date_time AS date_time - INTERVAL '4 seconds'",
    };

    /// <summary>All options that belong to it.</summary>
    public static IReadOnlyList<string> Names { get; } = [Option, RateOption, SeedOption, EventsOption];

    /// <summary>How the rows of a stream are made; null for one that is written to.</summary>
    public static GeneratorOption? Of(CatalogObject o)
    {
        IReadOnlyDictionary<string, string> options = o.Options;
        return options.TryGetValue(Option, out string? name)
            ? new GeneratorOption(
                name, Number(options.GetValueOrDefault(RateOption)) ?? RateDefault, Number(options.GetValueOrDefault(SeedOption)) ?? 0, options.GetValueOrDefault(EventsOption) ?? "")
            : null;
    }

    /// <summary>The definition with all that it leaves to the generator: columns, which events, the seed.</summary>
    /// <exception cref="SqlException">22023: there is no such generator, or it is not said which events.</exception>
    public static Syntax.CreateTableStatement Completed(Syntax.CreateTableStatement s)
    {
        if (s.Options.FirstOrDefault(o => o.Key == Option) is not { } option)
        {
            return s;
        }

        int at = option.Value?.Position ?? option.Position;
        string name = option.Text ?? "";
        if (name is not (Random or Nexmark))
        {
            throw new SqlException("22023", $"there is no generator \"{name}\"", at, Suggest.Hint(name, [Random, Nexmark]) ?? "there are random and nexmark");
        }

        string columns = name;
        if (name == Nexmark)
        {
            columns = s.Options.FirstOrDefault(o => o.Key == EventsOption)?.Text ?? s.Name.Last;
            if (columns is not ("person" or "auction" or "bid"))
            {
                throw new SqlException("22023", "which events of the auction the stream has is not said", at, "name the stream person, auction or bid, or say WITH (events = 'bid')");
            }

            s = With(s, EventsOption, columns);
        }
        else
        {
            s = With(s, SeedOption, SeedOf(s.Name.Last).ToString(CultureInfo.InvariantCulture));
        }

        if (s.Columns.Count > 0 || s.AsQuery is not null)
        {
            return s;
        }

        Syntax.CreateTableStatement given = Parsed(columns);
        return s with { Columns = given.Columns, Watermarks = s.Watermarks.Count > 0 ? s.Watermarks : given.Watermarks };
    }

    /// <summary>Compares the options with the stream they are for.</summary>
    /// <exception cref="SqlException">22023, 0A000, 42703: they cannot be used; with the place.</exception>
    public static void Check(CatalogObject o, IReadOnlyList<Syntax.Option> options)
    {
        foreach (Syntax.Option option in options.Where(x => Names.Contains(x.Key)))
        {
            int at = option.Value?.Position ?? option.Position;
            if (!o.Options.ContainsKey(Option))
            {
                throw new SqlException("22023", $"{option.Key} is for streams with a generator, \"{o.Name}\" has none", option.Position, "CREATE STREAM … WITH (generator = 'random', rate = 1000)");
            }

            if (o.Kind != ObjectKind.Stream)
            {
                throw new SqlException("22023", $"a generator is for streams, \"{o.Name}\" is none", option.Position, "write CREATE STREAM; a view over it keeps what is to be kept");
            }

            if (option.Key is RateOption or SeedOption && (Number(option.Text) is not { } number || (option.Key == RateOption && number is < 0 or > RateMax)))
            {
                throw new SqlException("22023", $"\"{option.Text}\" is no {option.Key}", at,
                    option.Key == RateOption ? $"it is a whole number of rows a second, from 0 (none) to {RateMax:N0}" : "it is a whole number");
            }
        }

        if (Of(o) is not { } generator || options.All(x => x.Key != Option))
        {
            return;
        }

        int position = options.First(x => x.Key == Option).Position;
        Syntax.CreateTableStatement? given = generator.Name == Nexmark ? Parsed(generator.Events) : null;
        foreach ((int i, Field column) in o.Columns.Fields.Index())
        {
            if (o.GeneratedAt(i) is not null)
            {
                continue;
            }

            if (given is not null && !given.Columns.Any(c => c.Name.Text == column.Name && TypeNames.Resolve(c.Type!).SameAs(column.Type)))
            {
                throw new SqlException("42703", $"the generator has no column \"{column.Name}\" of type {column.Type}", position,
                    $"{generator.Events} has: {string.Join(", ", given.Columns.Select(c => $"{c.Name.Text} {TypeNames.Resolve(c.Type!)}"))}; leave the columns out to have them all");
            }

            if (column.Type.Id is TypeId.Array or TypeId.Row)
            {
                throw new SqlException("0A000", $"the generator makes no values of type {column.Type}, which column \"{column.Name}\" has", position, "compute it in a view");
            }
        }
    }

    private static Syntax.CreateTableStatement With(Syntax.CreateTableStatement s, string key, string value) => s.Options.Any(o => o.Key == key) ? s
        : s with { Options = [.. s.Options, new Syntax.Option(key, new Syntax.StringLiteral(value)) { Position = s.Position }] };

    private static Syntax.CreateTableStatement Parsed(string columns) => (Syntax.CreateTableStatement)Syntax.SqlParser.Parse($"CREATE STREAM t ({Columns[columns]})")[0];

    private static long? Number(string? text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;

    // Streams of different names have different rows, those of one name the same wherever they are made.
    private static long SeedOf(string name) => name.Aggregate(17L, (sum, c) => ((sum * 31) + c) % 1_000_003);
}
