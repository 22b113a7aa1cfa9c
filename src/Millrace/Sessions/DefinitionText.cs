// What the log keeps of a definition that depends on more than its text.
using Millrace.Sql;
using Millrace.Sql.Syntax;

namespace Millrace.Sessions;

/// <summary>Definitions are bound again from the log: what they took from a file or a generator stands in it.</summary>
internal static class DefinitionText
{
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
