// An endpoint, bound and ready to answer: typed arguments in, rows and the version they stand for out.
using System.Text;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sessions;
using Millrace.Sql;

namespace Millrace;

/// <summary>An argument that an endpoint cannot take: which parameter, why, and what to do.</summary>
public sealed class ArgumentRefusedException(string parameter, SqlException cause, string fix)
    : Exception($"parameter \"{parameter}\": {cause.Message}")
{
    /// <summary>The parameter.</summary>
    public string Parameter { get; } = parameter;

    /// <summary>What is wrong with its value, with a SQLSTATE.</summary>
    public SqlException Reason { get; } = cause;

    /// <summary>What would have been accepted.</summary>
    public string Fix { get; } = fix;
}

/// <summary>The answer of an endpoint.</summary>
/// <param name="Rows">Columns and rows, in the query's order.</param>
/// <param name="Version">The epoch at which anything it reads had last changed: equal versions have equal answers.</param>
public sealed record PublishedAnswer(StatementResult Rows, long Version);

/// <summary>
/// An endpoint of one state of the catalog: its query bound once, its parameters values of the plan and never text. Safe for use from many threads.
/// </summary>
public sealed class PublishedQuery
{
    private readonly Database _database;
    private readonly BoundQuery _query;
    private readonly int[] _reads;
    private readonly PointRead? _point;

    internal PublishedQuery(Database database, CatalogSnapshot catalog, CatalogObject definition)
    {
        _database = database;
        Definition = definition;
        CatalogVersion = catalog.Version;
        _query = new Binder(catalog, FunctionLibrary.Catalog, BindOptions.Default).BindEndpoint(definition);
        _point = PointRead.Of(_query);
        _reads = [.. PlanFacts.Reads(_query.Plan).Select(o => o.Id)];
        IsSteady = _reads.All(id => id > 0) && PlanFacts.IsSteady(_query.Plan);
    }

    /// <summary>Its entry in the catalog.</summary>
    public CatalogObject Definition { get; }

    /// <summary>Its name.</summary>
    public string Name => Definition.Name;

    /// <summary>Its parameters, in order.</summary>
    public IReadOnlyList<EndpointParameter> Parameters => Definition.Parameters;

    /// <summary>The columns of its rows.</summary>
    public Schema Columns => _query.Columns;

    /// <summary>Columns that identify a row, or null when rows may repeat.</summary>
    public IReadOnlyList<int>? Key => _query.Plan.Key is { } key && key.All(c => c < Columns.Count) ? key : null;

    /// <summary>The order of its rows, as far as it is one of visible columns.</summary>
    public IReadOnlyList<SortKey> Order => _query.Order.All(k => k.Column < Columns.Count) ? _query.Order : [];

    /// <summary>The version of the catalog that it is bound against.</summary>
    public long CatalogVersion { get; }

    /// <summary>True when its answer changes only with the relations it reads: false when it tells the time, or reads the system's own state.</summary>
    public bool IsSteady { get; }

    /// <summary>The epoch at which anything it reads last changed.</summary>
    public long Version => VersionAt(_database.Engine.Current);

    /// <summary>Reads arguments from text, by name.</summary>
    /// <exception cref="ArgumentRefusedException">One is unknown, given twice, missing, or not a value of its type.</exception>
    public IReadOnlyList<LiteralExpr> Bind(IEnumerable<KeyValuePair<string, string>> arguments)
    {
        var values = new LiteralExpr?[Parameters.Count];
        foreach ((string name, string text) in arguments)
        {
            int index = 0;
            while (index < values.Length && Parameters[index].Name != name)
            {
                index++;
            }

            if (index == values.Length)
            {
                throw new ArgumentRefusedException(name, new SqlException("42P02", $"endpoint \"{Name}\" has no such parameter"),
                    values.Length == 0 ? "leave it out: there are no parameters" : $"its parameters are {string.Join(", ", Parameters.Select(p => p.Name))}");
            }

            values[index] = values[index] is null ? Value(Parameters[index], text)
                : throw new ArgumentRefusedException(name, new SqlException("42P02", "given more than once"), "give it once");
        }

        for (int i = 0; i < values.Length; i++)
        {
            values[i] ??= Parameters[i].Default ?? throw new ArgumentRefusedException(
                Parameters[i].Name, new SqlException("08P01", "is missing and has no default"), $"give {Example(Parameters[i])}");
        }

        return values!;
    }

    /// <summary>Answers, as of the newest epoch.</summary>
    /// <exception cref="SqlException">The query fails on these arguments or these rows.</exception>
    public PublishedAnswer Read(IReadOnlyList<LiteralExpr> arguments, CancellationToken cancellation = default)
    {
        DatabaseSnapshot snapshot = _database.Engine.Current;
        List<Batch>? rows = _point is null || snapshot.Catalog.Version != CatalogVersion ? null
            : _point.Run(arguments, snapshot, (_, range) => snapshot.Find(range.SourceId).Scan(snapshot.Load, range.Prefix));
        StatementResult result = rows is null ? new LocalSession(_database).Read(With(arguments), snapshot, cancellation) : LocalSession.ResultOf(_query, rows, snapshot, []);
        return new PublishedAnswer(result, VersionAt(snapshot));
    }

    /// <summary>How the value of a parameter may look.</summary>
    public static string Example(EndpointParameter parameter) => parameter.Name + "=" + parameter.Type.Id switch
    {
        TypeId.SmallInt or TypeId.Integer or TypeId.BigInt => "10",
        TypeId.Real or TypeId.Double or TypeId.Numeric => "9.90",
        TypeId.Boolean => "true",
        TypeId.Date => "2026-01-31",
        TypeId.Time => "12:30:00",
        TypeId.Timestamp or TypeId.TimestampTz => "2026-01-31T12:30:00Z",
        TypeId.Interval => "10 minutes",
        TypeId.Uuid => "6f1c2a34-0000-4000-8000-000000000000",
        TypeId.Array => "{…}",
        TypeId.Jsonb => "{\"a\":1}",
        TypeId.Bytea => "\\x00ff",
        _ => "…",
    };

    internal BoundQuery With(IReadOnlyList<LiteralExpr> arguments)
    {
        Check.That(arguments.Count == Parameters.Count);
        return (BoundQuery)ParameterSubstitution.Apply(_query, arguments);
    }

    /// <summary>The query with its arguments, as a feed needs it.</summary>
    /// <exception cref="SqlException">It can be read but not followed.</exception>
    internal BoundQuery ToFollow(IReadOnlyList<LiteralExpr> arguments)
    {
        var binder = new Binder(_database.Catalog, FunctionLibrary.Catalog, BindOptions.Default);
        BoundQuery query = binder.BindEndpoint(Definition, follow: true);
        return (BoundQuery)ParameterSubstitution.Apply(query, arguments) with { Parameters = [] };
    }

    private long VersionAt(DatabaseSnapshot snapshot)
    {
        long version = 0;
        foreach (int id in _reads)
        {
            version = Math.Max(version, snapshot.ChangedAt(id));
        }

        return version;
    }

    private static LiteralExpr Value(EndpointParameter parameter, string text)
    {
        ColumnBuilder builder = ColumnBuilder.For(parameter.Type);
        try
        {
            if (text.Contains('\0', StringComparison.Ordinal))
            {
                throw new SqlException("22021", "invalid byte sequence for encoding \"UTF8\": 0x00");
            }

            TextParse.Append(builder, Encoding.UTF8.GetBytes(text));
        }
        catch (SqlException e)
        {
            throw new ArgumentRefusedException(parameter.Name, e, $"give a value of type {parameter.Type}, such as {Example(parameter)}");
        }

        return new LiteralExpr(BoxedValue.Get(builder.ToColumn(), 0), parameter.Type);
    }
}
