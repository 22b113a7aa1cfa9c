// A session whose answers the test knows beforehand, for what the door itself must get right.
using System.Threading.Channels;
using Millrace.Core;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Tests.Doors.Postgres;

/// <summary>
/// <c>SELECT n</c> gives n rows (i integer, t text); <c>SELECT 'hang'</c> waits to be cancelled; COPY collects; SUBSCRIBE streams what the test
/// writes into <see cref="Changes"/>; <c>SELECT $1</c> gives its parameter back; DELETE fails with a position.
/// </summary>
internal sealed class FakeSession : Session
{
    private static readonly Schema Numbers = new([new Field("i", SqlType.Integer), new Field("t", SqlType.Text)]);
    private readonly Dictionary<string, string> _settings = new() { ["application_name"] = "", ["timezone"] = "UTC" };
    private TransactionStatus _status;

    public Channel<SubscriptionEvent> Changes { get; } = Channel.CreateUnbounded<SubscriptionEvent>();

    public List<string> Copied { get; } = [];

    public List<string> Implicit { get; } = [];

    public int Disposed { get; private set; }

    public bool Hanging { get; private set; }

    public override TransactionStatus Status => _status;

    public override IReadOnlyDictionary<string, string> Settings => _settings;

    public static Batch Rows(int count, int from = 1)
    {
        var rows = new BatchBuilder(Numbers);
        for (int i = 0; i < count; i++)
        {
            ((FixedBuilder<int>)rows.Columns[0]).Append(from + i);
            ((BytesBuilder)rows.Columns[1]).Append(ByteSlice.From("row " + (from + i)));
            rows.EndRow();
        }

        return rows.ToBatch();
    }

    public override void Set(string name, string value) => _settings[name] = name == "nonsense"
        ? throw new SqlException("42704", $"unrecognized configuration parameter \"{name}\"")
        : value;

    public override IReadOnlyList<Statement> Parse(string text) => SqlParser.Parse(text);

    public override PreparedStatement Prepare(Statement statement, string text, IReadOnlyList<SqlType?>? parameterTypes = null) =>
        new Prepared(statement, statement.SourceText(text), parameterTypes ?? []);

    public override async ValueTask<StatementResult> ExecuteAsync(
        PreparedStatement statement, IReadOnlyList<LiteralExpr>? parameters = null, CancellationToken cancellation = default)
    {
        var prepared = (Prepared)statement;
        switch (prepared.Statement)
        {
            case DeleteStatement:
                throw new SqlException("42P01", "relation \"nope\" does not exist", prepared.Statement.Position + 12, "look it up", "more");
            case SetStatement set:
                Set(set.Name, set.Text ?? "");
                return new StatementResult { CommandTag = "SET" };
            case TransactionStatement transaction:
                _status = transaction.Verb == TransactionVerb.Begin ? TransactionStatus.InTransaction : TransactionStatus.Idle;
                return new StatementResult { CommandTag = transaction.Verb.ToString().ToUpperInvariant(), Notices = [new Notice("00000", "noted")] };
            case SubscribeStatement:
                return new StatementResult { CommandTag = "SUBSCRIBE", Subscription = new Subscription(Numbers, null, Changes.Reader, () => default) };
            case CopyStatement { IsFrom: true } copy:
                return new StatementResult { CommandTag = "COPY", CopyIn = new Copy(this, copy) };
            case CopyStatement:
                return new StatementResult
                {
                    CommandTag = "COPY 2",
                    Columns = Numbers,
                    Batches = [Rows(2)],
                    RowCount = 2,
                    CopyOut = new CopyFormat(CopyKind.Csv, ',', "", true, '"', '"'),
                };
        }

        if (prepared.Text.Contains("hang", StringComparison.Ordinal))
        {
            Hanging = true;
            await Task.Delay(Timeout.Infinite, cancellation);
        }

        if (prepared.Parameters.Count > 0)
        {
            ColumnBuilder builder = ColumnBuilder.For(prepared.Parameters[0]);
            BoxedValue.Append(builder, parameters![0].Value);
            return new StatementResult { CommandTag = "SELECT 1", Columns = prepared.Columns, Batches = [new Batch([builder.ToColumn()], 1)], RowCount = 1 };
        }

        int count = int.Parse(prepared.Text.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
        return new StatementResult { CommandTag = $"SELECT {count}", Columns = Numbers, Batches = [Rows(count / 2), Rows(count - (count / 2), (count / 2) + 1)], RowCount = count };
    }

    public override ValueTask<IReadOnlyList<StatementResult>> ExecuteAsync(
        IReadOnlyList<Statement> statements, string text, CancellationToken cancellation = default) =>
        throw new NotSupportedException();

    public override void BeginImplicit() => Implicit.Add("begin");

    public override ValueTask EndImplicitAsync(bool commit, CancellationToken cancellation = default)
    {
        Implicit.Add(commit ? "commit" : "rollback");
        return default;
    }

    public override ValueTask DisposeAsync()
    {
        Disposed++;
        return default;
    }

    private sealed class Prepared(Statement statement, string text, IReadOnlyList<SqlType?> declared) : PreparedStatement
    {
        public Statement Statement { get; } = statement;

        public override string Text => text;

        public override IReadOnlyList<SqlType> Parameters { get; } =
            text.Contains("$1", StringComparison.Ordinal) ? [declared.Count > 0 && declared[0] is { } given ? given : SqlType.Text] : [];

        public override Schema? Columns => Statement is not QueryStatement
            ? null
            : Parameters.Count > 0 ? new Schema([new Field("p", Parameters[0])]) : Numbers;
    }

    private sealed class Copy(FakeSession session, CopyStatement statement) : CopyIn
    {
        private readonly List<string> _rows = [];

        public override Schema Columns => Numbers;

        public override CopyFormat Format { get; } = statement.Options.Count == 0
            ? new CopyFormat(CopyKind.Text, '\t', "\\N", false, '"', '"')
            : new CopyFormat(statement.Options[0].Text == "binary" ? CopyKind.Binary : CopyKind.Csv, ',', "", false, '"', '"');

        public override ValueTask WriteAsync(Batch batch, CancellationToken cancellation = default)
        {
            for (int row = 0; row < batch.Count; row++)
            {
                _rows.Add($"{BoxedValue.Get(batch.Columns[0], row)}|{BoxedValue.Get(batch.Columns[1], row)}");
            }

            return default;
        }

        public override ValueTask<long> CompleteAsync(CancellationToken cancellation = default)
        {
            session.Copied.AddRange(_rows);
            return ValueTask.FromResult((long)_rows.Count);
        }

        public override ValueTask DisposeAsync() => default;
    }
}
