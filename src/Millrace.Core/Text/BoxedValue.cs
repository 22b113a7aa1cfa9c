// Single values as objects: for literals, parameters and tests, never on a row path.
namespace Millrace.Core;

/// <summary>
/// Moves single values between columns and their boxed CLR representation: bool, short, int, long, float, double, <see cref="Numeric"/>,
/// <see cref="Interval"/>, <see cref="Uuid"/>, <see cref="ByteSlice"/>, <see cref="ListSlice"/>, <see cref="RowSlice"/>; null for NULL.
/// </summary>
public static class BoxedValue
{
    /// <summary>The value of a row. Slices point into the column.</summary>
    public static object? Get(Column column, int row) => column.IsNull(row) ? null : column switch
    {
        FixedColumn<bool> c => c.Values[row],
        FixedColumn<short> c => c.Values[row],
        FixedColumn<int> c => c.Values[row],
        FixedColumn<long> c => c.Values[row],
        FixedColumn<float> c => c.Values[row],
        FixedColumn<double> c => c.Values[row],
        FixedColumn<Numeric> c => c.Values[row],
        FixedColumn<Interval> c => c.Values[row],
        FixedColumn<Uuid> c => c.Values[row],
        BytesColumn c => c.Slice(row),
        ListColumn c => new ListSlice(c.Elements, c.Offsets[row], c.Offsets[row + 1] - c.Offsets[row]),
        RowColumn c => new RowSlice(c.Fields, row),
        _ => throw new BugException($"BUG: no boxed form for {column.Type}"),
    };

    /// <summary>Appends a value in the representation of the builder's type, or a null.</summary>
    public static void Append(ColumnBuilder builder, object? value)
    {
        switch (builder, value)
        {
            case (_, null):
                builder.AppendNull();
                break;
            case (FixedBuilder<bool> b, bool v):
                b.Append(v);
                break;
            case (FixedBuilder<short> b, short v):
                b.Append(v);
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
            case (FixedBuilder<Numeric> b, Numeric v):
                b.Append(v);
                break;
            case (FixedBuilder<Interval> b, Interval v):
                b.Append(v);
                break;
            case (FixedBuilder<Uuid> b, Uuid v):
                b.Append(v);
                break;
            case (BytesBuilder b, ByteSlice v):
                b.Append(v);
                break;
            case (ListBuilder b, ListSlice v):
                b.Append(v);
                break;
            case (RowBuilder b, RowSlice v):
                b.Append(v);
                break;
            default:
                Check.Fail($"{value.GetType().Name} is not the representation of {builder.Type}");
                break;
        }
    }

    /// <summary>A column of one row.</summary>
    public static Column ToColumn(object? value, SqlType type)
    {
        ColumnBuilder builder = ColumnBuilder.For(type);
        Append(builder, value);
        return builder.ToColumn();
    }
}
