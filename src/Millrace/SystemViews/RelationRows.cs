// Builds the batch of a system relation row by row; columns that a row does not name get their default.
using System.Text;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Rows of one system relation.</summary>
internal sealed class RelationRows(Schema schema)
{
    private readonly BatchBuilder _rows = new(schema);

    /// <summary>The relation's own number, for the last column; null when it has none for that.</summary>
    public int? TableOid { get; init; }

    /// <summary>Adds a row. Values are CLR values of the column's type, strings and arrays of them for text.</summary>
    public void Add(params ReadOnlySpan<(string Column, object? Value)> cells)
    {
        foreach ((string name, object? value) in cells)
        {
            int column = schema.IndexOf(name);
            Check.That(column >= 0 && _rows.Columns[column].Count == _rows.Count, $"{name} is a column that is not set yet");
            Put(_rows.Columns[column], value);
        }

        if (TableOid is { } own)
        {
            Put(_rows.Columns[schema.Count - 1], own);
        }

        for (int i = 0; i < schema.Count; i++)
        {
            if (_rows.Columns[i].Count == _rows.Count)
            {
                Put(_rows.Columns[i], schema[i].Nullable ? null : Default(schema[i].Type));
            }
        }

        _rows.EndRow();
    }

    /// <summary>The rows added.</summary>
    public Batch ToBatch() => _rows.ToBatch();

    private static object? Default(SqlType type) => type.Id switch
    {
        TypeId.Integer => 0,
        TypeId.SmallInt => 0,
        TypeId.BigInt => 0L,
        TypeId.Boolean => false,
        TypeId.Text => "",
        TypeId.Real => 0f,
        TypeId.Double => 0d,
        TypeId.Array => Array.Empty<int>(),
        _ => null,
    };

    private static void Put(ColumnBuilder builder, object? value)
    {
        switch (builder, value)
        {
            case (_, null):
                builder.AppendNull();
                break;
            case (FixedBuilder<bool> b, bool v):
                b.Append(v);
                break;
            case (FixedBuilder<short> b, int v):
                b.Append((short)v);
                break;
            case (FixedBuilder<int> b, int v):
                b.Append(v);
                break;
            case (FixedBuilder<long> b, long v):
                b.Append(v);
                break;
            case (FixedBuilder<float> b, float v):
                b.Append(v);
                break;
            case (FixedBuilder<double> b, double v):
                b.Append(v);
                break;
            case (BytesBuilder b, string v):
                b.Append(Encoding.UTF8.GetBytes(v));
                break;
            case (ListBuilder b, System.Collections.IEnumerable v):
                foreach (object? element in v)
                {
                    Put(b.Elements, element);
                }

                b.EndList();
                break;
            default:
                Check.Fail($"a {value.GetType().Name} is no value for a column of type {builder.Type}");
                break;
        }
    }
}
