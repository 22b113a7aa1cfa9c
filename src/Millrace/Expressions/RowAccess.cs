// What compiled code calls for arrays and rows, and for lists of constants.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Access to nested values from compiled code.</summary>
internal static class RowAccess
{
    public static ListSlice ListAt(ListColumn column, int row) => new(column.Elements, column.Offsets[row], column.Offsets[row + 1] - column.Offsets[row]);

    public static RowSlice RowAt(RowColumn column, int row) => new(column.Fields, row);

    public static bool IsNull(RowSlice row, int field) => row.Fields[field].IsNull(row.Index);

    public static T Value<T>(RowSlice row, int field) => (T)ValueOf(row.Fields[field], row.Index);

    public static ListSlice List(ColumnBuilder elements, int start) => new(elements.Share(), start, elements.Count - start);

    public static RowSlice LastRow(RowBuilder builder) => new(((RowColumn)builder.Share()).Fields, builder.Count - 1);

    private static object ValueOf(Column column, int row) => BoxedValue.Get(column, row)!;
}

/// <summary>A set of constants with SQL's equality, for IN lists.</summary>
/// <typeparam name="T">The CLR scalar.</typeparam>
internal sealed class ValueSet<T>
    where T : notnull
{
    private readonly HashSet<T> _values;

    // Up to here the worst of all lists costs less than looking into whether it is one.
    private const int TrustedMax = 1_000;

    public ValueSet(SqlType type, object[] values) => _values = new HashSet<T>(
        values.Cast<T>(), SqlEquality<T>.For(type) ?? (values.Length > TrustedMax ? new SeededEquality<T>() : null));

    public bool Contains(T value) => _values.Contains(value);
}

/// <summary>The CLR's equality with a hash that nobody can foresee: the CLR's own of numbers and UUIDs are sums that anybody can make equal.</summary>
/// <typeparam name="T">The CLR scalar.</typeparam>
internal sealed class SeededEquality<T> : IEqualityComparer<T>
    where T : notnull
{
    public bool Equals(T? x, T? y) => EqualityComparer<T>.Default.Equals(x, y);

    public int GetHashCode([DisallowNull] T value) => (int)(value switch
    {
        long n => KeyHash.Of((ulong)n, 0),
        double d => KeyHash.Of(BitConverter.DoubleToUInt64Bits(double.IsNaN(d) ? double.NaN : d + 0.0), 0), // both zeros are one
        Guid id => KeyHash.Of(MemoryMarshal.AsBytes(new ReadOnlySpan<Guid>(in id))),
        _ => KeyHash.Of((uint)value.GetHashCode(), 0),
    });
}

/// <summary>Equality of CLR scalars as SQL sees it, where it differs from the CLR's.</summary>
/// <typeparam name="T">The CLR scalar.</typeparam>
internal sealed class SqlEquality<T> : IEqualityComparer<T>
    where T : notnull
{
    private readonly RowCodec _codec;
    private readonly EncodedRows _left = new();
    private readonly EncodedRows _right = new();
    private readonly ColumnBuilder _builder;

    private SqlEquality(SqlType type)
    {
        _codec = new RowCodec([type], exact: false);
        _builder = ColumnBuilder.For(type);
    }

    /// <summary>The comparer of a type; null where the CLR's own does.</summary>
    public static IEqualityComparer<T>? For(SqlType type) =>
        type.Id is TypeId.Interval or TypeId.Array or TypeId.Row ? new SqlEquality<T>(type) : null;

    public bool Equals(T? x, T? y) => Encode(x!, _left).SequenceEqual(Encode(y!, _right));

    public int GetHashCode([DisallowNull] T value) => (int)KeyHash.Of(Encode(value, _left));

    private ReadOnlySpan<byte> Encode(T value, EncodedRows into)
    {
        _builder.Reset();
        BoxedValue.Append(_builder, value);
        _codec.Encode(new Batch([_builder.View()], 1), into);
        return into.Key(0);
    }
}
