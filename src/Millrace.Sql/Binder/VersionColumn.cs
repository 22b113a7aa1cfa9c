// A table's version column: WITH (version = 'column'), or RisingWave's WITH VERSION COLUMN (column).
using Millrace.Core;

namespace Millrace.Sql;

/// <summary>Finds and checks the column that orders the versions of a row.</summary>
internal static class VersionColumn
{
    /// <summary>The option's name.</summary>
    public const string Option = "version";

    /// <summary>The name given and its place; null when none is.</summary>
    public static Syntax.Name? Given(Syntax.CreateTableStatement s)
    {
        if (s.Options.FirstOrDefault(o => o.Key == Option) is not { } option)
        {
            return s.VersionColumn;
        }

        int position = option.Value?.Position ?? option.Position;
        return s.VersionColumn is null ? new Syntax.Name(option.Text ?? "") { Position = position }
            : throw new SqlException("42601", "the version column is given twice", position, "leave one of them out");
    }

    /// <summary>The column's index; −1 when none is given.</summary>
    /// <param name="s">The statement.</param>
    /// <param name="schema">The table's columns.</param>
    /// <param name="key">Its declared primary key; empty for streams and tables without one.</param>
    /// <exception cref="SqlException">The column cannot order the versions of a row.</exception>
    public static int Of(Syntax.CreateTableStatement s, Schema schema, IReadOnlyList<int> key)
    {
        if (Given(s) is not { } name)
        {
            return -1;
        }

        if (key.Count == 0)
        {
            throw new SqlException("22023", "a version column needs a primary key: versions are of the rows of one key", name.Position, "declare PRIMARY KEY (…)");
        }

        int at = schema.IndexOf(name.Text);
        if (at < 0)
        {
            throw new SqlException("42703", $"column \"{name.Text}\" does not exist", name.Position, Suggest.Hint(name.Text, schema.Fields.Select(f => f.Name)));
        }

        if (key.Contains(at))
        {
            throw new SqlException("22023", $"\"{name.Text}\" is part of the primary key: all rows of one key would be of one version", name.Position);
        }

        if (s.OnConflict == Syntax.ConflictBehavior.Ignore)
        {
            throw new SqlException("22023", "ON CONFLICT IGNORE keeps the first row whatever its version", name.Position,
                "write ON CONFLICT OVERWRITE or DO UPDATE IF NOT NULL, or leave the version column out");
        }

        return schema[at].Type.Id is TypeId.SmallInt or TypeId.Integer or TypeId.BigInt or TypeId.Numeric or TypeId.Real or TypeId.Double or TypeId.Text
            or TypeId.Date or TypeId.Timestamp or TypeId.TimestampTz or TypeId.Uuid
            ? at
            : throw new SqlException("42804", $"a version must be a number, a time or text, but column \"{name.Text}\" is {schema[at].Type}", name.Position);
    }
}
