// Statements to text: changes, COPY, SUBSCRIBE and the session's statements; definitions are in SqlFormatter.Definitions.cs.
using System.Globalization;

namespace Millrace.Sql.Syntax;

public sealed partial class SqlFormatter
{
    private void WriteStatement(Statement statement)
    {
        switch (statement)
        {
            case QueryStatement query: WriteQuery(query.Query); break;
            case InsertStatement insert: WriteInsert(insert); break;
            case UpdateStatement update: WriteUpdate(update); break;
            case DeleteStatement delete: WriteDelete(delete); break;
            case TruncateStatement truncate:
                Add("TRUNCATE TABLE ");
                WriteList(truncate.Tables, WriteName);
                AddIf(truncate.RestartIdentity, " RESTART IDENTITY");
                AddIf(truncate.Cascade, " CASCADE");
                break;
            case CopyStatement copy: WriteCopy(copy); break;
            case SubscribeStatement subscribe:
                Add("SUBSCRIBE TO ");
                WriteNameOrQuery(subscribe.Name, subscribe.Query);
                WriteOptions(" WITH ", subscribe.Options);
                break;
            case CreateTableStatement create: WriteCreateTable(create); break;
            case CreateViewStatement create: WriteCreateView(create); break;
            case CreateIndexStatement create: WriteCreateIndex(create); break;
            case CreateSinkStatement create: WriteCreateSink(create); break;
            case UserStatement user: WriteUser(user); break;
            case CreateTokenStatement create:
                Add("CREATE TOKEN ");
                WriteName(create.Name);
                Add(" FOR ");
                WriteName(create.User);
                WriteOptions(" WITH ", create.Options);
                break;
            case GrantStatement grant: WriteGrant(grant); break;
            case CreateEndpointStatement create: WriteCreateEndpoint(create); break;
            case CreateAlertStatement create: WriteCreateAlert(create); break;
            case CreateSubscriptionStatement create: WriteCreateSubscription(create); break;
            case CreateFunctionStatement create: WriteCreateFunction(create); break;
            case CreateSchemaStatement create:
                Add(create.IfNotExists ? "CREATE SCHEMA IF NOT EXISTS " : "CREATE SCHEMA ");
                WriteName(create.Name);
                break;
            case DropStatement drop:
                Add($"DROP {KindText(drop.Kind)} ");
                AddIf(drop.IfExists, "IF EXISTS ");
                WriteList(drop.Names, WriteName);
                AddIf(drop.Cascade, " CASCADE");
                break;
            case AlterStatement alter: WriteAlter(alter); break;
            case AlterSystemStatement system:
                Add(system.Value is null ? "ALTER SYSTEM RESET " : "ALTER SYSTEM SET ");
                WriteOptionKey(system.Name);
                if (system.Value is { } value)
                {
                    Add(" = ");
                    WriteOptionValue(value);
                }

                break;
            case CommentStatement comment:
                Add($"COMMENT ON {KindText(comment.Kind)} ");
                WriteName(comment.Name);
                Add(" IS " + (comment.Text is null ? "NULL" : QuoteString(comment.Text)));
                break;
            default: WriteSessionStatement(statement); break;
        }
    }

    private void WriteNameOrQuery(ObjectName? name, Query? query)
    {
        if (name is not null)
        {
            WriteName(name);
        }
        else
        {
            WriteSubquery(query!);
        }
    }

    private void WriteTarget(string verb, ObjectName table, Name? alias)
    {
        Add(verb);
        WriteName(table);
        if (alias is not null)
        {
            Add(" AS ");
            WriteName(alias);
        }
    }

    private void WriteInsert(InsertStatement insert)
    {
        WriteWith(insert.With);
        WriteTarget("INSERT INTO ", insert.Table, insert.Alias);
        WriteOptionalNames(insert.Columns);
        AddIf(insert.Overriding is not null, $" OVERRIDING {insert.Overriding?.ToUpperInvariant()} VALUE");
        Add(" ");
        if (insert.Source is null)
        {
            Add("DEFAULT VALUES");
        }
        else
        {
            WriteQuery(insert.Source);
        }
        if (insert.OnConflict is { } conflict)
        {
            Add(" ON CONFLICT");
            WriteOptionalNames(conflict.Columns);
            if (conflict.Constraint is not null)
            {
                Add(" ON CONSTRAINT ");
                WriteName(conflict.Constraint);
            }
            Add(conflict.DoNothing ? " DO NOTHING" : " DO UPDATE SET ");
            WriteList(conflict.Assignments, WriteAssignment);
            WriteWhere(conflict.Where);
        }
        WriteReturning(insert.Returning);
    }

    private void WriteAssignment(Assignment assignment)
    {
        if (assignment.Columns.Count == 1 && assignment.Value is not RowExpr { Items: [DefaultExpr] })
        {
            WriteName(assignment.Columns[0]);
        }
        else
        {
            WriteNames(assignment.Columns);
        }
        Add(" = ");
        WriteExpr(assignment.Value);
    }

    private void WriteReturning(NodeList<SelectItem> items)
    {
        if (items.Count > 0)
        {
            Add(" RETURNING ");
            WriteList(items, WriteSelectItem);
        }
    }

    private void WriteUpdate(UpdateStatement update)
    {
        WriteWith(update.With);
        WriteTarget("UPDATE ", update.Table, update.Alias);
        Add(" SET ");
        WriteList(update.Assignments, WriteAssignment);
        if (update.From.Count > 0)
        {
            Add(" FROM ");
            WriteList(update.From, WriteTable);
        }
        WriteWhere(update.Where);
        WriteReturning(update.Returning);
    }

    private void WriteDelete(DeleteStatement delete)
    {
        WriteWith(delete.With);
        WriteTarget("DELETE FROM ", delete.Table, delete.Alias);
        if (delete.Using.Count > 0)
        {
            Add(" USING ");
            WriteList(delete.Using, WriteTable);
        }
        WriteWhere(delete.Where);
        WriteReturning(delete.Returning);
    }

    private void WriteCopy(CopyStatement copy)
    {
        Add("COPY ");
        WriteNameOrQuery(copy.Table, copy.Query);
        WriteOptionalNames(copy.Columns);
        Add(copy.IsFrom ? " FROM " : " TO ");
        Add(copy.File is not null ? QuoteString(copy.File) : copy.IsFrom ? "STDIN" : "STDOUT");
        WriteOptions(" WITH ", copy.Options);
        WriteWhere(copy.Where);
    }

    private void WriteSessionStatement(Statement statement)
    {
        switch (statement)
        {
            case TransactionStatement transaction: WriteTransaction(transaction); break;
            case SetStatement set:
                Add(set.Local ? "SET LOCAL " : "SET ");
                WriteSetting(set.Name);
                Add(set.Values.Count == 0 ? " TO DEFAULT" : " = ");
                WriteList(set.Values, WriteOptionValue);
                break;
            case ResetStatement reset:
                Add("RESET ");
                WriteSettingOr("ALL", reset.Name);
                break;
            case ShowStatement show: WriteShow(show); break;
            case DescribeStatement describe:
                Add("DESCRIBE ");
                WriteName(describe.Name);
                break;
            case ExplainStatement explain:
                WriteOptions("EXPLAIN ", explain.Options);
                Add(explain.Options.Count == 0 ? "EXPLAIN " : " ");
                if (explain.Target is DescribeStatement view)
                {
                    Add("MATERIALIZED VIEW ");
                    WriteName(view.Name);
                    break;
                }

                WriteStatement(explain.Target);
                break;
            case FlushStatement: Add("FLUSH"); break;
            case CheckpointStatement: Add("CHECKPOINT"); break;
            case BackupStatement backup: Add("BACKUP TO " + QuoteString(backup.Folder)); break;
            case MaintenanceStatement maintenance:
                Add(maintenance.Verb);
                AddIf(maintenance.Tables.Count > 0, " ");
                WriteList(maintenance.Tables, WriteName);
                break;
            case RefreshStatement refresh:
                Add("REFRESH MATERIALIZED VIEW " + (refresh.Concurrently ? "CONCURRENTLY " : ""));
                WriteName(refresh.View);
                break;
            case DeclareCursorStatement declare: WriteDeclare(declare); break;
            case FetchStatement fetch: WriteFetch(fetch); break;
            case CloseStatement close: WriteVerb("CLOSE ", close.Cursor, "ALL"); break;
            case PrepareStatement prepare:
                WriteVerb("PREPARE ", prepare.Name, "");
                AddIf(prepare.Types.Count > 0, " (");
                WriteList(prepare.Types, WriteType);
                AddIf(prepare.Types.Count > 0, ")");
                Add(" AS ");
                WriteStatement(prepare.Target);
                break;
            case ExecuteStatement execute:
                WriteVerb("EXECUTE ", execute.Name, "");
                AddIf(execute.Args.Count > 0, " (");
                WriteList(execute.Args, WriteExpr);
                AddIf(execute.Args.Count > 0, ")");
                break;
            case DeallocateStatement deallocate: WriteVerb("DEALLOCATE ", deallocate.Name, "ALL"); break;
            case DiscardStatement discard: Add("DISCARD " + discard.What.ToUpperInvariant()); break;
            case ListenStatement listen: WriteVerb("LISTEN ", listen.Channel, ""); break;
            case UnlistenStatement unlisten: WriteVerb("UNLISTEN ", unlisten.Channel, "*"); break;
            case NotifyStatement notify:
                WriteVerb("NOTIFY ", notify.Channel, "");
                AddIf(notify.Payload is not null, ", " + QuoteString(notify.Payload ?? ""));
                break;
            default: throw new InvalidOperationException($"BUG: no text for {statement.GetType().Name}");
        }
    }

    private void WriteVerb(string verb, Name? name, string none) => Add(verb + (name is null ? none : QuoteName(name.Text)));

    private void WriteTransaction(TransactionStatement transaction)
    {
        Add(transaction.Verb switch
        {
            TransactionVerb.Begin => "BEGIN",
            TransactionVerb.Commit => "COMMIT",
            TransactionVerb.Rollback => "ROLLBACK",
            TransactionVerb.Savepoint => "SAVEPOINT ",
            TransactionVerb.Release => "RELEASE SAVEPOINT ",
            TransactionVerb.RollbackTo => "ROLLBACK TO SAVEPOINT ",
            TransactionVerb.SetTransaction => "SET TRANSACTION",
            _ => "SET SESSION CHARACTERISTICS AS TRANSACTION",
        });
        if (transaction.Savepoint is not null)
        {
            WriteName(transaction.Savepoint);
        }
        string comma = " ";
        void Mode(bool condition, string text)
        {
            if (condition)
            {
                Add(comma + text);
                comma = ", ";
            }
        }
        Mode(transaction.Isolation is not null, "ISOLATION LEVEL " + transaction.Isolation?.ToUpperInvariant());
        Mode(transaction.ReadOnly is not null, transaction.ReadOnly == true ? "READ ONLY" : "READ WRITE");
        Mode(transaction.Deferrable is not null, transaction.Deferrable == true ? "DEFERRABLE" : "NOT DEFERRABLE");
        AddIf(transaction.Chain, " AND CHAIN");
    }

    /// <summary>A setting's name; words that SET and SHOW take for something else are quoted.</summary>
    private void WriteSetting(string name)
    {
        string[] parts = name.Split('.');
        bool bare = parts.All(IsPlain) && Keywords.Find(parts[0]) is null or { Class: WordClass.Free };
        bool clash = parts[0] is "local" or "session" or "time" or "names" or "transaction" or "constraints" or "role" or "tables"
            or "streams" or "views" or "sources" or "sinks" or "indexes" or "indices" or "schemas" or "databases" or "functions"
            or "jobs" or "subscriptions" or "columns" or "materialized" or "internal";
        Add(bare && !clash ? name : InQuotes(name));
    }

    private void WriteSettingOr(string all, string? name)
    {
        if (name is null)
        {
            Add(all);
        }
        else
        {
            WriteSetting(name);
        }
    }

    private void WriteShow(ShowStatement show)
    {
        Add("SHOW ");
        switch (show.Kind)
        {
            case ShowKind.All: Add("ALL"); break;
            case ShowKind.Setting: WriteSetting(show.Setting!); break;
            case ShowKind.Create:
                Add($"CREATE {KindText(show.ObjectKind!.Value)} ");
                WriteName(show.Object!);
                break;
            default:
                Add(show.Kind == ShowKind.MaterializedViews ? "MATERIALIZED VIEWS" : show.Kind.ToString().ToUpperInvariant());
                if (show.Object is not null)
                {
                    Add(" FROM ");
                    WriteName(show.Object);
                }
                AddIf(show.Like is not null, " LIKE " + QuoteString(show.Like ?? ""));
                break;
        }
    }

    private void WriteDeclare(DeclareCursorStatement declare)
    {
        WriteVerb("DECLARE ", declare.Name, "");
        AddIf(declare.Binary, " BINARY");
        AddIf(declare.Scroll is not null, declare.Scroll == true ? " SCROLL" : " NO SCROLL");
        Add(declare.Full || declare.Since is not null ? " SUBSCRIPTION CURSOR " : " CURSOR ");
        AddIf(declare.Hold, "WITH HOLD ");
        Add("FOR ");
        if (declare.Subscribe is not null)
        {
            WriteStatement(declare.Subscribe);
            AddIf(declare.Full, " FULL");
            if (declare.Since is not null)
            {
                Add(" SINCE ");
                WriteExpr(declare.Since);
            }
        }
        else
        {
            WriteQuery(declare.Query!);
        }
    }

    private void WriteFetch(FetchStatement fetch)
    {
        Add(fetch.Move ? "MOVE " : "FETCH ");
        string count = fetch.Count?.ToString(CultureInfo.InvariantCulture) ?? "ALL";
        Add(fetch.Direction.ToString().ToUpperInvariant() + " " + count + " FROM ");
        WriteName(fetch.Cursor);
        WriteOptions(" WITH ", fetch.Options);
    }
}
