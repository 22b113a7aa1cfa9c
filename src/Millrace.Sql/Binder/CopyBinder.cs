// COPY in both directions.
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Binds COPY.</summary>
internal sealed class CopyBinder(BindContext context)
{
    private static readonly string[] Known = ["format", "delimiter", "null", "header", "quote", "escape", "encoding", "freeze", "force_quote", "force_not_null", "force_null"];

    /// <summary>Binds a COPY.</summary>
    public BoundStatement Bind(Syntax.CopyStatement s)
    {
        CopyFormat format = Format(s);
        var dml = new DmlBinder(context);
        if (!s.IsFrom)
        {
            Syntax.Query query = s.Query ?? new Syntax.Query(null, new Syntax.SelectBody(
                s.Columns.Count == 0
                    ? [new Syntax.SelectItem(new Syntax.StarExpr(null, []), null)]
                    : [.. s.Columns.Select(c => new Syntax.SelectItem(new Syntax.ColumnRef([c]) { Position = c.Position }, null))],
                [new Syntax.NamedTable(s.Table!) { Position = s.Table!.Position }]));
            return new BoundCopyTo(dml.Answer(query), format, s.File);
        }

        CatalogObject target = dml.Target(s.Table!, "copy to");
        int[] columns = s.Columns.Count == 0
            ? [.. Enumerable.Range(0, target.Columns.Count - target.HiddenColumns).Where(i => target.GeneratedAt(i) is null)]
            : [.. s.Columns.Select(c => DmlBinder.ColumnOf(target, c))];
        foreach ((int i, int column) in columns.Index().Where(c => target.GeneratedAt(c.Item) is not null))
        {
            throw new SqlException("42P10", $"column \"{target.Columns[column].Name}\" is a generated column", s.Columns[i].Position, "generated columns cannot be used in COPY");
        }

        ScalarExpr[] defaults = [.. Enumerable.Range(0, target.Columns.Count).Select(i => dml.DefaultOf(target, i))];
        ScalarExpr? where = null;
        if (s.Where is not null)
        {
            ScopeTable table = DmlBinder.TableOf(target, null);
            var scope = new Scope([table], table.Columns, null, null);
            where = dml.Finished(new ExprBinder(context, new QueryBinder(context), scope, null) { Clause = "COPY FROM WHERE conditions" }.Boolean(s.Where, "WHERE"));
        }

        return new BoundCopyFrom(target, columns, defaults, format, s.File) { Where = where };
    }

    private static CopyFormat Format(Syntax.CopyStatement s)
    {
        var given = new Dictionary<string, Syntax.Option>();
        foreach (Syntax.Option option in s.Options)
        {
            if (!Known.Contains(option.Key))
            {
                throw new SqlException("42601", $"option \"{option.Key}\" not recognized", option.Position, Suggest.Hint(option.Key, Known));
            }

            given[option.Key] = option;
        }

        string name = given.GetValueOrDefault("format")?.Text ?? "text";
        CopyKind kind = name switch
        {
            "text" => CopyKind.Text,
            "csv" => CopyKind.Csv,
            "binary" => CopyKind.Binary,
            _ => throw new SqlException("22023", $"COPY format \"{name}\" not recognized", given["format"].Position, "the formats are text, csv and binary"),
        };
        if (given.GetValueOrDefault("encoding") is { Text: { } encoding } e && encoding.Replace("-", "").ToLowerInvariant() is not ("utf8" or "unicode"))
        {
            throw new SqlException("0A000", $"encoding \"{encoding}\" is not supported", e.Position, "convert the data to UTF-8");
        }

        char quote = One("quote", '"');
        return new CopyFormat(kind, One("delimiter", kind == CopyKind.Csv ? ',' : '\t'), given.GetValueOrDefault("null")?.Text ?? (kind == CopyKind.Csv ? "" : "\\N"),
            given.GetValueOrDefault("header") is { } h && h.Text is null or "true" or "on" or "1" or "match" && given.ContainsKey("header"), quote, One("escape", quote));

        char One(string key, char otherwise)
        {
            if (!given.TryGetValue(key, out Syntax.Option? option))
            {
                return otherwise;
            }

            return option.Text is { Length: 1 } text ? text[0]
                : throw new SqlException("0A000", $"COPY {key} must be a single one-byte character", option.Position);
        }
    }
}
