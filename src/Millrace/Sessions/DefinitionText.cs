// What the log keeps of a definition that depends on more than its text.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Sessions;

/// <summary>Definitions are bound again from the log: what they took from a file or a generator stands in it.</summary>
internal static class DefinitionText
{
    /// <summary>A column whose default is of the moment, as two statements: one with what it is now, and one that says what it is from then on.</summary>
    public static (string Added, string Default) OfNow(BoundAlterAddColumn bound, AlterStatement statement, EvalContext context)
    {
        var action = (AddColumnAction)statement.Actions[0];
        ColumnBuilder value = ColumnBuilder.For(bound.Column.Type);
        new CompiledExpression(bound.Default, EvalErrors.Throw).Run(new Batch([], 1), value, context);
        Column now = value.ToColumn();
        string? text = now.IsNull(0) ? null : TextFormat.ToText(now, 0);

        // How a text with an offset is read depends on the session's zone, as far as anybody knows; this does not.
        Expr constant = text is null ? new NullLiteral() : bound.Column.Type.Id == TypeId.TimestampTz && text.EndsWith("+00", StringComparison.Ordinal)
            ? SqlParser.ParseExpression($"timezone('UTC', timestamp '{text[..^3]}')") : new StringLiteral(text);
        return (SqlFormatter.Format(statement with { Actions = [action with { Column = action.Column with { Default = constant } }] }),
            SqlFormatter.Format(statement with { Actions = [new AlterColumnAction(action.Column.Name, ColumnChange.SetDefault, action.Column.Default, null)] }));
    }

    /// <summary>The definition as it is kept.</summary>
    public static (Statement Statement, string Text) Of(BoundStatement bound, Statement statement, string text)
    {
        if (bound.Qualified is { } qualified)
        {
            (statement, text) = (SqlParser.Parse(qualified)[0], qualified);
        }

        if (bound is not BoundCreateRelation create || statement is not CreateTableStatement s)
        {
            return (statement, text);
        }

        CreateTableStatement kept = GeneratorOption.Completed(s);
        if (bound.ReadsFiles)
        {
            CatalogObject template = create.Template;
            IEnumerable<string> columns = template.Columns.Fields.Take(template.Columns.Count - template.HiddenColumns).Select(f => $"{KeyOption.Quoted(f.Name)} {f.Type}");
            var defined = (CreateTableStatement)SqlParser.Parse($"CREATE TABLE t ({string.Join(", ", columns)})")[0];
            NodeList<ColumnDef> named = [.. defined.Columns.Select((c, i) => i < s.Columns.Count ? c with { PrimaryKey = s.Columns[i].PrimaryKey, NotNull = s.Columns[i].NotNull } : c)];
            kept = kept with { AsQuery = null, WithNoData = false, Columns = named };
        }

        if (ReferenceEquals(kept, s))
        {
            return (statement, text);
        }

        string written = SqlFormatter.Format(kept);
        return (SqlParser.Parse(written)[0], written);
    }
}
