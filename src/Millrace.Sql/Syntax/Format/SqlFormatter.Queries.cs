// Queries and the items of FROM to text.
namespace Millrace.Sql.Syntax;

public sealed partial class SqlFormatter
{
    private void WriteSubquery(Query query)
    {
        Add("(");
        WriteQuery(query);
        Add(")");
    }

    private void WriteQuery(Query query)
    {
        bool restricted = _restricted;
        _restricted = false;
        WriteWith(query.With);
        WriteBody(query.Body, 0);
        WriteOrderBy(query.OrderBy);
        if (query.WithTies)
        {
            WriteOffset(query.Offset);
            Add(" FETCH FIRST ");
            bool bare = query.Limit is NumberLiteral or ParameterExpr;
            AddIf(!bare, "(");
            WriteExpr(query.Limit!);
            AddIf(!bare, ")");
            Add(" ROWS WITH TIES");
        }
        else
        {
            if (query.Limit is not null)
            {
                Add(" LIMIT ");
                WriteExpr(query.Limit);
            }
            WriteOffset(query.Offset);
        }
        foreach (LockingClause locking in query.Locking)
        {
            Add(" FOR " + locking.Strength.ToUpperInvariant());
            if (locking.Tables.Count > 0)
            {
                Add(" OF ");
                WriteList(locking.Tables, WriteName);
            }
            AddIf(locking.Wait is not null, " " + locking.Wait?.ToUpperInvariant());
        }
        AddIf(query.EmitOnWindowClose, " EMIT ON WINDOW CLOSE");
        if (query.AllowLateness is not null)
        {
            Add(" ALLOW LATENESS ");
            WriteExpr(query.AllowLateness);
        }
        if (query.LateDataInto is not null)
        {
            Add(" LATE DATA INTO ");
            WriteName(query.LateDataInto);
        }
        _restricted = restricted;
    }

    private void WriteOffset(Expr? offset)
    {
        if (offset is not null)
        {
            Add(" OFFSET ");
            WriteExpr(offset);
        }
    }

    private void WriteWith(WithClause? with)
    {
        if (with is null)
        {
            return;
        }
        Add(with.Recursive ? "WITH RECURSIVE " : "WITH ");
        WriteList(with.Tables, table =>
        {
            WriteName(table.Name);
            WriteOptionalNames(table.Columns);
            Add(" AS ");
            if (table.Query.Body is SelectBody { From: [ChangelogTable { Numbered: true } numbered] })
            {
                Add("CHANGELOG FROM ");
                WriteInput(numbered.Input);
                return;
            }
            AddIf(table.Materialized is not null, table.Materialized == true ? "MATERIALIZED " : "NOT MATERIALIZED ");
            WriteSubquery(table.Query);
        });
        Add(" ");
    }

    /// <summary>A body; a set operation that binds looser than the level goes into parentheses.</summary>
    private void WriteBody(QueryBody body, int minLevel)
    {
        switch (body)
        {
            case SelectBody select: WriteSelect(select); break;
            case NestedQueryBody nested: WriteSubquery(nested.Query); break;
            case ValuesBody values:
                Add("VALUES ");
                WriteList(values.Rows, row =>
                {
                    Add("(");
                    WriteList(row, WriteExpr);
                    Add(")");
                });
                break;
            case SetOperationBody operation:
                int level = operation.Operator == SetOperator.Intersect ? 2 : 1;
                AddIf(level < minLevel, "(");
                WriteBody(operation.Left, level);
                Add($" {operation.Operator.ToString().ToUpperInvariant()} {(operation.All ? "ALL " : "")}");
                WriteBody(operation.Right, level + 1);
                AddIf(level < minLevel, ")");
                break;
        }
    }

    private void WriteSelect(SelectBody select)
    {
        Add("SELECT");
        AddIf(select.Distinct, " DISTINCT");
        if (select.DistinctOn.Count > 0)
        {
            Add(" DISTINCT ON (");
            WriteList(select.DistinctOn, WriteExpr);
            Add(")");
        }
        AddIf(select.Items.Count > 0, " ");
        WriteList(select.Items, WriteSelectItem);
        if (select.From.Count > 0)
        {
            Add(" FROM ");
            WriteList(select.From, WriteTable);
        }
        WriteWhere(select.Where);
        if (select.GroupBy is not null)
        {
            Add(select.GroupBy.Distinct ? " GROUP BY DISTINCT " : " GROUP BY ");
            WriteList(select.GroupBy.Items, WriteGrouping);
        }
        if (select.Having is not null)
        {
            Add(" HAVING ");
            WriteExpr(select.Having);
        }
        if (select.Windows.Count > 0)
        {
            Add(" WINDOW ");
            WriteList(select.Windows, window =>
            {
                WriteName(window.Name);
                Add(" AS ");
                WriteWindow(window.Spec);
            });
        }
    }

    private void WriteWhere(Expr? where)
    {
        if (where is not null)
        {
            Add(" WHERE ");
            WriteExpr(where);
        }
    }

    private void WriteSelectItem(SelectItem item)
    {
        WriteExpr(item.Value);
        if (item.Alias is not null)
        {
            Add(" AS ");
            WriteName(item.Alias);
        }
    }

    private void WriteGrouping(GroupingElement element)
    {
        switch (element.Kind)
        {
            case GroupingKind.Simple:
                // A call of a function named rollup or cube would read as the clause.
                bool clash = element.Exprs[0] is FunctionCall { Name: { Parts.Count: 1, Last: "rollup" or "cube" } };
                AddIf(clash, "(");
                WriteExpr(element.Exprs[0]);
                AddIf(clash, ")");
                break;
            case GroupingKind.Empty:
                Add("()");
                break;
            case GroupingKind.Sets:
                Add("GROUPING SETS (");
                WriteList(element.Sets, WriteGrouping);
                Add(")");
                break;
            default:
                Add(element.Kind.ToString().ToUpperInvariant() + " (");
                WriteList(element.Exprs, WriteExpr);
                Add(")");
                break;
        }
    }

    private void WriteOrderBy(NodeList<OrderItem> items, string lead = " ")
    {
        if (items.Count > 0)
        {
            Add(lead + "ORDER BY ");
            WriteList(items, WriteOrderItem);
        }
    }

    private void WriteOrderItem(OrderItem item)
    {
        WriteExpr(item.Value);
        AddIf(item.Descending, " DESC");
        AddIf(item.NullsFirst is not null, item.NullsFirst == true ? " NULLS FIRST" : " NULLS LAST");
    }

    // ---- FROM ----

    private void WriteTable(TableRef table)
    {
        switch (table)
        {
            case NamedTable named:
                WriteName(named.Name);
                if (named.AsOf is not null)
                {
                    Add(" FOR SYSTEM_TIME AS OF ");
                    Write(named.AsOf, Other);
                }
                WriteAlias(named.Alias);
                break;
            case FileTable file:
                Add(QuoteString(file.Path));
                WriteAlias(file.Alias);
                break;
            case SubqueryTable subquery:
                AddIf(subquery.Lateral, "LATERAL ");
                WriteSubquery(subquery.Query);
                WriteAlias(subquery.Alias);
                break;
            case FunctionTable function: WriteFunctionTable(function); break;
            case WindowTable window: WriteWindowTable(window); break;
            case ChangelogTable changelog:
                Add("CHANGELOG(");
                WriteInput(changelog.Input);
                Add(")");
                WriteAlias(changelog.Alias);
                break;
            case JoinTable join:
                AddIf(join.Alias is not null, "(");
                WriteJoin(join);
                AddIf(join.Alias is not null, ")");
                WriteAlias(join.Alias);
                break;
        }
    }

    /// <summary>What a window function or CHANGELOG is over.</summary>
    private void WriteInput(TableRef input)
    {
        if (input is SubqueryTable subquery)
        {
            WriteSubquery(subquery.Query);
        }
        else
        {
            WriteTable(input);
        }
    }

    private void WriteAlias(TableAlias? alias)
    {
        if (alias is not null)
        {
            Add(" AS ");
            WriteName(alias.Name);
            WriteOptionalNames(alias.Columns);
        }
    }

    private void WriteFunctionTable(FunctionTable table)
    {
        AddIf(table.Lateral, "LATERAL ");
        WriteExpr(table.Call);
        AddIf(table.WithOrdinality, " WITH ORDINALITY");
        if (table.ColumnDefs.Count == 0)
        {
            WriteAlias(table.Alias);
            return;
        }
        Add(" AS ");
        if (table.Alias is not null)
        {
            WriteName(table.Alias.Name);
            Add(" ");
        }
        Add("(");
        WriteList(table.ColumnDefs, WriteField);
        Add(")");
    }

    private void WriteWindowTable(WindowTable window)
    {
        Add(window.Kind.ToString().ToUpperInvariant() + "(");
        WriteInput(window.Input);
        if (window.PartitionBy.Count > 0)
        {
            bool several = window.PartitionBy.Count > 1;
            Add(several ? " PARTITION BY (" : " PARTITION BY ");
            WriteList(window.PartitionBy, WriteExpr);
            AddIf(several, ")");
        }
        WriteOrderBy(window.OrderBy);
        if (window.TimeColumn is not null)
        {
            bool descriptor = window.OrderBy.Count > 0;
            Add(descriptor ? ", DESCRIPTOR(" : ", ");
            WriteExpr(window.TimeColumn);
            AddIf(descriptor, ")");
        }
        foreach (Expr arg in window.Args)
        {
            Add(", ");
            WriteExpr(arg);
        }
        Add(")");
        WriteAlias(window.Alias);
    }

    private void WriteJoin(JoinTable join)
    {
        WriteTable(join.Left);
        AddIf(join.Natural, " NATURAL");
        AddIf(join.AsOf, " ASOF");
        Add(join.Kind == JoinKind.Inner ? " JOIN " : $" {join.Kind.ToString().ToUpperInvariant()} JOIN ");
        bool nested = join.Right is JoinTable { Alias: null };
        AddIf(nested, "(");
        WriteTable(join.Right);
        AddIf(nested, ")");
        if (join.On is not null)
        {
            Add(" ON ");
            WriteExpr(join.On);
        }
        if (join.Using.Count > 0)
        {
            Add(" USING ");
            WriteNames(join.Using);
        }
    }
}
