// The extended protocol: statements and portals by name. https://www.postgresql.org/docs/15/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
using Millrace.Core;
using Millrace.Formats;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Doors.Postgres;

/// <summary>The statements and portals of one connection.</summary>
internal sealed class ExtendedQuery(SessionContext context) : IAsyncDisposable
{
    private readonly Dictionary<string, Portal> _portals = [];
    private NamedStatement? _unnamed;

    // A statement may be empty: then there is nothing to bind, and executing it says so.
    private sealed record Portal(NamedStatement Source, LiteralExpr[] Parameters, short[] Formats)
    {
        public long CreatedMicros { get; init; }

        public StatementResult? Result { get; set; }

        public RowCursor? Cursor { get; set; }

        public ChangeStream? Changes { get; set; }

        public long Sent { get; set; }

        public bool Done { get; set; }
    }

    /// <summary>The text that error positions refer to: that of the statement last worked on.</summary>
    public string? Text { get; private set; }

    /// <summary>Parse.</summary>
    public void Parse(ParseMessage message)
    {
        Text = message.Query;
        if (message.Name.Length > 0 && context.Session.Statements.ContainsKey(message.Name))
        {
            throw new SqlException("42P05", $"prepared statement \"{message.Name}\" already exists");
        }

        IReadOnlyList<Statement> statements = context.Session.Parse(message.Query);
        if (statements.Count > 1)
        {
            throw new SqlException("42601", "cannot insert multiple commands into a prepared statement", statements[1].Position);
        }

        PreparedStatement? plan = null;
        if (statements.Count == 1)
        {
            plan = context.Session.Prepare(statements[0], message.Query, Array.ConvertAll(message.ParameterOids, PgType.ToSqlType));
        }

        var prepared = new NamedStatement(message.Query, statements.Count == 1 ? statements[0] : null, plan) { Declared = message.ParameterOids, PreparedMicros = context.Session.NowMicros };
        if (message.Name.Length == 0)
        {
            _unnamed = prepared;
        }
        else
        {
            context.Session.Statements[message.Name] = prepared;
        }

        context.Output.Empty('1');
    }

    /// <summary>Bind.</summary>
    public async ValueTask BindAsync(BindMessage message)
    {
        NamedStatement prepared = Find(message.Statement);
        Text = prepared.Text;
        IReadOnlyList<SqlType> types = prepared.Plan?.Parameters ?? [];
        if (types.Count != message.Parameters.Length)
        {
            throw new SqlException(
                "08P01",
                $"bind message supplies {message.Parameters.Length} parameters, but prepared statement \"{message.Statement}\" requires {types.Count}");
        }

        var values = new LiteralExpr[types.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Literal(types[i], message.Parameters[i], BindMessage.FormatOf(message.ParameterFormats, i), context.Session.TimeZone);
        }

        int columns = Columns(prepared)?.Count ?? 0;
        if (message.ResultFormats.Length > 1 && message.ResultFormats.Length != columns)
        {
            throw new SqlException("08P01", $"bind message has {message.ResultFormats.Length} result formats but query has {columns} columns");
        }

        if (message.Portal.Length > 0 && _portals.ContainsKey(message.Portal))
        {
            throw new SqlException("42P03", $"cursor \"{message.Portal}\" already exists");
        }

        await ClosePortalAsync(message.Portal).ConfigureAwait(false);
        _portals[message.Portal] = new Portal(prepared, values, message.ResultFormats) { CreatedMicros = context.Session.NowMicros };
        context.Output.Empty('2');
    }

    /// <summary>Describe.</summary>
    public void Describe(TargetMessage message)
    {
        MessageOutput output = context.Output;
        NamedStatement prepared;
        short[] formats = [];
        if (message.Kind == 'S')
        {
            prepared = Find(message.Name);
            int count = prepared.Plan?.Parameters.Count ?? 0;
            output.Begin('t').Int16(count);
            for (int i = 0; i < count; i++)
            {
                output.Int32(ParameterOid(prepared, i));
            }

            output.End();
        }
        else
        {
            Portal portal = _portals.GetValueOrDefault(message.Name) ?? OfCursor(message.Name);
            prepared = portal.Source;
            formats = portal.Formats;
        }

        Text = prepared.Text;
        if (Columns(prepared) is { } columns)
        {
            output.RowDescription(columns, formats, prepared.Plan?.Origins ?? []);
        }
        else
        {
            output.Empty('n');
        }
    }

    /// <summary>The text behind a portal; nothing where there is none.</summary>
    public string TextOf(string portal) => _portals.GetValueOrDefault(portal)?.Source.Text ?? "";

    /// <summary>Execute.</summary>
    public async ValueTask ExecuteAsync(ExecuteMessage message, CancellationToken cancellation)
    {
        Portal portal = FindPortal(message.Portal);
        Text = portal.Source.Text;
        MessageOutput output = context.Output;
        if (portal.Source is not { Plan: { } plan, Statement: { } statement })
        {
            output.Empty('I');
            return;
        }

        if (!plan.IsLookup)
        {
            await Hop.Away();
        }

        if (portal.Result is null)
        {
            await RunAsync(portal, plan, cancellation).ConfigureAwait(false);
        }
        else if (portal.Done && portal.Result.Columns is null)
        {
            throw new SqlException("55000", $"portal \"{message.Portal}\" cannot be run");
        }

        StatementResult result = portal.Result!;
        if (result.Subscription is { } subscription)
        {
            portal.Changes ??= new ChangeStream(subscription, portal.Formats);
            (long sent, bool more) = await portal.Changes.SendAsync(output, message.RowsMax, context.Input, cancellation).ConfigureAwait(false);
            Finish(portal, sent, more, "SUBSCRIBE");
            if (context.Input.TakeFlush())
            {
                await output.FlushAsync().ConfigureAwait(false);
            }
        }
        else if (await ResultSender.TryCopyAsync(context, statement, result, cancellation).ConfigureAwait(false))
        {
            portal.Done = true;
        }
        else if (result.Columns is { } columns)
        {
            portal.Cursor ??= new RowCursor(columns, result.Batches, portal.Formats, context.Session);
            (long sent, bool more) = await portal.Cursor.SendAsync(output, message.RowsMax, cancellation).ConfigureAwait(false);
            Finish(portal, sent, more, result.CommandTag);
        }
        else
        {
            portal.Done = true;
            output.Complete(result.CommandTag);
        }
    }

    /// <summary>Moves a portal over rows that nobody wants; gives how many there were, null where there is no such portal.</summary>
    public async ValueTask<long?> MoveAsync(string name, long most, CancellationToken cancellation)
    {
        if (!_portals.TryGetValue(name, out Portal? portal) || portal.Source.Plan is not { Columns: { } columns } plan)
        {
            return null;
        }

        if (portal.Result is null)
        {
            await RunAsync(portal, plan, cancellation).ConfigureAwait(false);
        }

        if (portal.Result is not { Subscription: null } result)
        {
            return null;
        }

        portal.Cursor ??= new RowCursor(columns, result.Batches, portal.Formats, context.Session);
        return portal.Cursor.Skip(most);
    }

    private async ValueTask RunAsync(Portal portal, PreparedStatement plan, CancellationToken cancellation)
    {
        portal.Result = await context.Session.ExecuteAsync(plan, portal.Parameters, cancellation).ConfigureAwait(false);
        context.Notices(portal.Result.Notices);
        context.ReportSettings();
    }

    /// <summary>Close.</summary>
    public async ValueTask CloseAsync(TargetMessage message)
    {
        if (message.Kind == 'S' && message.Name.Length == 0)
        {
            _unnamed = null;
        }
        else if (message.Kind == 'S')
        {
            context.Session.Statements.Remove(message.Name);
        }
        else
        {
            await ClosePortalAsync(message.Name).ConfigureAwait(false);
        }

        context.Output.Empty('3');
    }

    /// <summary>A simple query ends the unnamed statement and portal.</summary>
    public async ValueTask ForgetUnnamedAsync()
    {
        _unnamed = null;
        await ClosePortalAsync("").ConfigureAwait(false);
    }

    /// <summary>The transaction is over: portals do not outlive it.</summary>
    public async ValueTask EndTransactionAsync()
    {
        if (_portals.Count > 0)
        {
            foreach (string name in _portals.Keys.ToArray())
            {
                await ClosePortalAsync(name).ConfigureAwait(false);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => EndTransactionAsync();

    private void Finish(Portal portal, long sent, bool more, string tag)
    {
        portal.Sent += sent;
        if (more)
        {
            context.Output.Empty('s');
            return;
        }

        portal.Done = true;

        // SELECT's tag counts the rows of the last Execute, as PostgreSQL's does.
        bool counted = tag.StartsWith("SELECT", StringComparison.Ordinal) || tag is "SUBSCRIBE";
        context.Output.Complete(counted ? $"{tag.Split(' ')[0]} {sent}" : tag);
    }

    private async ValueTask ClosePortalAsync(string name)
    {
        if (!_portals.Remove(name, out Portal? portal) || portal.Result is not { } result)
        {
            return;
        }

        if (result.Subscription is { } subscription)
        {
            await subscription.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The portals, as pg_cursors shows them.</summary>
    public IEnumerable<NamedCursor> Cursors() => _portals.Select(p => new NamedCursor(p.Key, p.Value.Source.Text, p.Value.CreatedMicros)
    {
        IsBinary = p.Value.Formats is [1],
    });

    // What the client has declared is what it hears back, as from PostgreSQL: varchar is text here, and JDBC gives up when its varchar comes back as text.
    private static int ParameterOid(NamedStatement prepared, int parameter) =>
        parameter < prepared.Declared.Count && PgType.ToSqlType(prepared.Declared[parameter]) is not null
            ? prepared.Declared[parameter] : PgType.Of(prepared.Plan!.Parameters[parameter]).Oid;

    private NamedStatement Find(string name) => (name.Length == 0 ? _unnamed : context.Session.Statements.TryGetValue(name, out NamedStatement? named) ? named : null)
        ?? throw new SqlException("26000", name.Length == 0 ? "unnamed prepared statement does not exist" : $"prepared statement \"{name}\" does not exist");

    private Portal FindPortal(string name) => _portals.TryGetValue(name, out Portal? portal)
        ? portal
        : throw new SqlException("34000", $"portal \"{name}\" does not exist");

    // In PostgreSQL the cursors of DECLARE are portals too: psycopg describes them by name. What a FETCH would return says what they are.
    private Portal OfCursor(string name)
    {
        string text = "FETCH 0 FROM \"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
        if (name.Length > 0 && context.Session.Parse(text) is [{ } fetch] && context.Session.Prepare(fetch, text) is { Columns: not null } plan)
        {
            return new Portal(new NamedStatement(text, fetch, plan), [], []);
        }

        return FindPortal(name);
    }

    private static Schema? Columns(NamedStatement prepared) => prepared is { Plan: { } plan, Statement: { } statement }
        ? ResultSender.ColumnsOf(plan, statement)
        : null;

    private static LiteralExpr Literal(SqlType type, byte[]? value, short format, TimeZoneInfo zone)
    {
        if (value is null)
        {
            return new LiteralExpr(null, type);
        }

        if (format == 0 && type.Id == TypeId.TimestampTz)
        {
            return new LiteralExpr(TextParse.TimestampTz(value, zone), type);
        }

        ColumnBuilder builder = ColumnBuilder.For(type);
        if (format == 1)
        {
            BinaryRead.Append(builder, value);
        }
        else
        {
            TextValue.Append(builder, value);
        }

        return new LiteralExpr(BoxedValue.Get(builder.ToColumn(), 0), type);
    }
}
