// The tree back to text: names, types and lists; expressions, queries and statements are in the files beside it.
using System.Globalization;
using System.Text;

namespace Millrace.Sql.Syntax;

/// <summary>Writes a syntax tree as SQL: for SHOW CREATE, for what the catalog keeps, for messages. Parsing the result gives an equal
/// tree.</summary>
public sealed partial class SqlFormatter
{
    // Free words that some place of the grammar would take for its own.
    private static readonly HashSet<string> Delicate = ["of", "recursive", "transaction"];

    // Free words that are no ordinary function when a parenthesis follows.
    private static readonly HashSet<string> DelicateFunctions =
        ["cube", "cumulate", "hop", "json_table", "match_recognize", "rollup", "session", "tumble", "xmlelement", "xmlforest"];

    private readonly StringBuilder _to = new();

    // Inside gram.y's b_expr: what is not allowed there needs parentheses.
    private bool _restricted;

    // The schema to write before a name that has none, by identity of the name.
    private readonly IReadOnlyDictionary<ObjectName, string>? _schemas;

    private SqlFormatter(IReadOnlyDictionary<ObjectName, string>? schemas) => _schemas = schemas;

    /// <summary>The node as SQL. Nodes that are no statement, query, expression, table, type or name give their kind's name.</summary>
    /// <param name="node">Any node.</param>
    public static string Format(Node node) => Format(node, null);

    /// <summary>The node as SQL, with a schema written before names that have none.</summary>
    /// <param name="node">Any node.</param>
    /// <param name="schemas">The schemas, by identity of the names.</param>
    public static string Format(Node node, IReadOnlyDictionary<ObjectName, string>? schemas)
    {
        var formatter = new SqlFormatter(schemas);
        switch (node)
        {
            case Statement statement: formatter.WriteStatement(statement); break;
            case Query query: formatter.WriteQuery(query); break;
            case QueryBody body: formatter.WriteBody(body, 0); break;
            case Expr expr: formatter.WriteExpr(expr); break;
            case TableRef table: formatter.WriteTable(table); break;
            case TypeName type: formatter.WriteType(type); break;
            case ObjectName name: formatter.WriteName(name); break;
            case Name name: formatter.WriteName(name); break;
            case ColumnDef column: formatter.WriteColumnDef(column); break;
            case SelectItem item: formatter.WriteSelectItem(item); break;
            case OrderItem item: formatter.WriteOrderItem(item); break;
            default: return node.GetType().Name;
        }
        return formatter._to.ToString();
    }

    /// <summary>A name as SQL: bare where that reads back as the same name, else in double quotes.</summary>
    /// <param name="name">The name as the catalog stores it.</param>
    public static string QuoteName(string name) =>
        IsPlain(name) && Keywords.Find(name) is null or { Class: WordClass.Free } && !Delicate.Contains(name) ? name : InQuotes(name);

    private static string InQuotes(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    /// <summary>A string as SQL: in single quotes, with quotes inside it doubled.</summary>
    /// <param name="value">The string.</param>
    public static string QuoteString(string value) => "'" + value.Replace("'", "''", StringComparison.Ordinal) + "'";

    /// <summary>Lower-case letters, digits and underscores: what needs no quotes unless it is a keyword.</summary>
    private static bool IsPlain(string name)
    {
        if (name.Length == 0 || name[0] is not ((>= 'a' and <= 'z') or '_'))
        {
            return false;
        }
        foreach (char c in name)
        {
            if (c is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '_'))
            {
                return false;
            }
        }
        return true;
    }

    private void Add(string text) => _to.Append(text);

    private void AddIf(bool condition, string text)
    {
        if (condition)
        {
            _to.Append(text);
        }
    }

    private void WriteName(Name name) => Add(QuoteName(name.Text));

    private void WriteName(ObjectName name)
    {
        if (_schemas is not null && _schemas.TryGetValue(name, out string? schema))
        {
            Add(QuoteName(schema) + ".");
        }

        WriteList(name.Parts, WriteName, ".");
    }

    private void WriteNames(NodeList<Name> names)
    {
        Add("(");
        WriteList(names, WriteName);
        Add(")");
    }

    private void WriteOptionalNames(NodeList<Name> names)
    {
        if (names.Count > 0)
        {
            Add(" ");
            WriteNames(names);
        }
    }

    private void WriteList<T>(NodeList<T> items, Action<T> write, string separator = ", ")
    {
        for (int i = 0; i < items.Count; i++)
        {
            AddIf(i > 0, separator);
            write(items[i]);
        }
    }

    private void WriteType(TypeName type)
    {
        string name = type.Name.Parts.Count == 1 ? type.Name.Last : "";
        switch (name)
        {
            case "timestamp" or "time" or "timestamptz" or "timetz":
                Add(name.EndsWith("tz", StringComparison.Ordinal) ? name[..^2] : name);
                WriteModifiers(type.Modifiers);
                AddIf(name.EndsWith("tz", StringComparison.Ordinal), " with time zone");
                break;
            case "interval":
                Add("interval");
                AddIf(type.IntervalFields is not null, " " + type.IntervalFields);
                WriteModifiers(type.Modifiers);
                break;
            case "struct" when type.Fields.Count > 0:
                Add("struct<");
                WriteList(type.Fields, WriteField);
                Add(">");
                break;
            default:
                if (PrettyType(name) is { } pretty)
                {
                    Add(name == "bpchar" && type.Modifiers.Count == 0 ? "bpchar" : pretty);
                }
                else
                {
                    WriteName(type.Name);
                }
                WriteModifiers(type.Modifiers);
                break;
        }
        for (int i = 0; i < type.ArrayDimensions; i++)
        {
            Add("[]");
        }
    }

    private static string? PrettyType(string name) => name switch
    {
        "int2" => "smallint",
        "int4" => "integer",
        "int8" => "bigint",
        "float4" => "real",
        "float8" => "double precision",
        "bool" => "boolean",
        "bpchar" => "character",
        "varbit" => "bit varying",
        "bit" or "varchar" or "numeric" => name,
        _ => null,
    };

    private void WriteField(StructField field)
    {
        WriteName(field.Name);
        Add(" ");
        WriteType(field.Type);
    }

    private void WriteModifiers(NodeList<int> modifiers)
    {
        if (modifiers.Count == 0)
        {
            return;
        }
        Add("(");
        WriteList(modifiers, n => Add(n.ToString(CultureInfo.InvariantCulture)));
        Add(")");
    }

    // ---- options ----

    private void WriteOptions(string lead, NodeList<Option> options)
    {
        if (options.Count == 0)
        {
            return;
        }
        Add(lead);
        Add("(");
        WriteList(options, WriteOption);
        Add(")");
    }

    private void WriteOption(Option option)
    {
        WriteOptionKey(option.Key);
        if (option.Value is not null)
        {
            Add(" = ");
            WriteOptionValue(option.Value);
        }
    }

    private void WriteOptionKey(string key) =>
        Add(key.Split('.').All(IsPlain) ? key : InQuotes(key));

    private void WriteOptionValue(Expr value)
    {
        if (value is RowExpr row)
        {
            Add("(");
            WriteList(row.Items, item => Add(QuoteName(((StringLiteral)item).Value)));
            Add(")");
        }
        else
        {
            WriteExpr(value);
        }
    }
}
