// A catalog for binder tests, made by the binder itself from CREATE statements.
using Millrace.Core;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Tests.Binding;

internal sealed class TestDatabase
{
    private readonly List<CatalogObject> _objects = [];

    public const string Schema = """
        CREATE TABLE t (a int PRIMARY KEY, b int, c text, d numeric(10,2));
        CREATE TABLE u (a int PRIMARY KEY, b bigint, c text);
        CREATE TABLE r (x int, y int, s text);
        CREATE TABLE m (k1 int, k2 text, v double precision, PRIMARY KEY (k1, k2));
        CREATE STREAM ev (id int, ts timestamp, v int, tags text[], WATERMARK FOR ts AS ts - INTERVAL '5 seconds');
        CREATE TABLE dflt (a int PRIMARY KEY, b int DEFAULT 7, c text DEFAULT 'x' || 'y', e varchar(3));
        CREATE VIEW v AS SELECT a, b + 1 AS b1 FROM t WHERE c IS NOT NULL;
        CREATE MATERIALIZED VIEW mv AS SELECT b, count(*) AS n FROM t GROUP BY b;
        CREATE STREAM person (id bigint, name text, email_address text, credit_card text, city text, state text, date_time timestamp, extra text,
            WATERMARK FOR date_time AS date_time - INTERVAL '4' SECOND);
        CREATE STREAM auction (id bigint, item_name text, description text, initial_bid bigint, reserve bigint, date_time timestamp, expires timestamp,
            seller bigint, category bigint, extra text, WATERMARK FOR date_time AS date_time - INTERVAL '4' SECOND);
        CREATE STREAM bid (auction bigint, bidder bigint, price bigint, channel text, url text, date_time timestamp, extra text,
            WATERMARK FOR date_time AS date_time - INTERVAL '4' SECOND);
        CREATE TABLE side_input (key bigint PRIMARY KEY, value text);
        """;

    public TestDatabase(FunctionCatalog? functions = null)
    {
        Functions = functions ?? TestFunctions.Catalog;
        foreach (Statement s in SqlParser.Parse(Schema))
        {
            CatalogObject made = Bind(s) switch
            {
                BoundCreateRelation c => c.Template,
                BoundCreateView c => c.Template,
                var other => throw new InvalidOperationException(other.ToString()),
            };
            _objects.Add(made with { Id = _objects.Count + 1 });
        }
    }

    public FunctionCatalog Functions { get; }

    public CatalogSnapshot Catalog => new(_objects);

    public BoundStatement Bind(Statement statement) => new Binder(Catalog, Functions, BindOptions.Default).Bind(statement);

    public BoundStatement Bind(string sql) => Bind(SqlParser.Parse(sql).Single());

    public BoundQuery Query(string sql) => (BoundQuery)Bind(sql);

    /// <summary>What a test prints for a statement: its plan, or its error.</summary>
    public string Describe(string sql)
    {
        try
        {
            return Describe(Bind(sql));
        }
        catch (SqlException e)
        {
            string at = e.Position < 0 ? "" : $" at \"{At(sql, e.Position)}\"";
            return $"{e.SqlState}{at}: {e.Message}{(e.Hint is null ? "" : "\nhint: " + e.Hint)}\n";
        }
    }

    private static string At(string sql, int position)
    {
        int end = position;
        while (end < sql.Length && end < position + 12 && sql[end] != ' ' && sql[end] != '\n')
        {
            end++;
        }

        return sql[position..end];
    }

    private static string Describe(BoundStatement bound)
    {
        string notices = string.Concat(bound.Notices.Select(n => "notice: " + n + "\n"));
        string parameters = bound.Parameters.Count == 0 ? "" : "parameters: " + string.Join(", ", bound.Parameters) + "\n";
        return notices + parameters + bound switch
        {
            BoundQuery q => q.Columns + (q.Order.Count == 0 ? "" : " order " + string.Join(", ", q.Order.Select(o => q.Plan.Columns[o.Column].Name + (o.Descending ? " desc" : ""))))
                + "\n" + PlanPrinter.Print(q.Plan),
            BoundInsert i => $"insert {i.Target.Name}\n" + PlanPrinter.Print(i.Source, false) + Conflict(i),
            BoundUpdate u => $"update {u.Target.Name}\n" + PlanPrinter.Print(u.Source, false),
            BoundDelete d => $"delete {d.Target.Name}\n" + PlanPrinter.Print(d.Source, false),
            BoundCreateView v => $"{v.Tag} {v.Template.Name} {v.Template.Columns} key ({string.Join(", ", v.Template.PrimaryKey)})"
                + $" event time {v.Template.EventTime} delay {v.Template.WatermarkDelay} append-only {v.Template.AppendOnly}\n{v.QueryText}\n" + PlanPrinter.Print(v.Query.Plan),
            BoundCreateRelation c => $"{c.Tag} {c.Template.Name} {c.Template.Columns} key ({string.Join(", ", c.Template.PrimaryKey)}) hidden {c.Template.HiddenColumns}"
                + $" event time {c.Template.EventTime} delay {c.Template.WatermarkDelay}\n" + (c.AsSelect is null ? "" : PlanPrinter.Print(c.AsSelect)),
            BoundExplain e => "explain\n" + Describe(e.Inner),
            BoundSubscribe s => $"subscribe snapshot {s.Snapshot}\n" + Describe(s.Query),
            _ => bound.GetType().Name + " " + bound.Tag + "\n",
        };
    }

    private static string Conflict(BoundInsert i) => i.OnConflict is not { } c ? "" : "on conflict " + c.Action + " "
        + string.Join(", ", c.Set.Select(s => PlanPrinter.Print(s, new Schema([
            .. i.Target.Columns.Fields, .. i.Target.Columns.Fields.Select(f => f with { Name = "excluded." + f.Name })])))) + "\n";
}
