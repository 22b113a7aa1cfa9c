// The contract between generated code and the database: how rows of one type are read and written.
using System.Reflection;
using Millrace.Core;

namespace Millrace;

/// <summary>A row type with generated code.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
public interface IMillraceRow<TSelf>
    where TSelf : IMillraceRow<TSelf>
{
    /// <summary>Reads and writes its rows.</summary>
    static abstract RowAccessor<TSelf> RowAccessor { get; }
}

/// <summary>A column that a member of a row type stands for.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type in SQL.</param>
/// <param name="Nullable">Whether the member takes null.</param>
public readonly record struct MemberColumn(string Name, string Type, bool Nullable);

/// <summary>Reads and writes rows of a type, column by column. Generated; there is one for each type.</summary>
/// <typeparam name="T">The row's type.</typeparam>
public abstract class RowAccessor<T>
{
    /// <summary>The stream or table that it is a row of.</summary>
    public abstract string Relation { get; }

    /// <summary>The statement that makes that stream or table if it is not there.</summary>
    public abstract string CreateStatement { get; }

    /// <summary>The columns, in the order that the other two count them.</summary>
    public abstract IReadOnlyList<MemberColumn> Columns { get; }

    /// <summary>Hands over a row's values.</summary>
    public abstract void Write(T row, RowAppender to);

    /// <summary>Makes a row of the values.</summary>
    public abstract T Read(RowCells from);
}

/// <summary>On generated code: names the accessor of a type. Not written by hand.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct)]
public abstract class RowAccessorAttribute : Attribute
{
    private protected RowAccessorAttribute()
    {
    }

    internal abstract object Accessor { get; }
}

/// <summary>On generated code: names the accessor of a type. Not written by hand.</summary>
/// <typeparam name="TAccessor">The accessor.</typeparam>
public sealed class RowAccessorAttribute<TAccessor> : RowAccessorAttribute
    where TAccessor : class, new()
{
    internal override object Accessor { get; } = new TAccessor();
}

/// <summary>The accessor of a type, looked up once.</summary>
internal static class RowAccessors<T>
{
    /// <summary>Null for a type without generated code.</summary>
    public static RowAccessor<T>? Known { get; } = typeof(T).GetCustomAttribute<RowAccessorAttribute>()?.Accessor as RowAccessor<T>;

    /// <summary>Where each column of the type lies in a schema; −1 for one that is not there.</summary>
    public static int[] Places(RowAccessor<T> accessor, Schema schema) => [.. accessor.Columns.Select(c => RowMapper<T>.Find(schema, c.Name))];

    /// <summary>The accessor and its places for writing.</summary>
    /// <exception cref="SqlException">42703: a column is not there.</exception>
    public static int[] PlacesToWrite(RowAccessor<T> accessor, Schema schema, string relation)
    {
        int[] places = Places(accessor, schema);
        int missing = Array.IndexOf(places, -1);
        return missing < 0 ? places : throw new SqlException(
            "42703", $"\"{relation}\" has no column \"{accessor.Columns[missing].Name}\" of {typeof(T).Name}", hint: $"its columns are {schema}");
    }

    /// <summary>The places for reading.</summary>
    /// <exception cref="SqlException">42804: the result lacks a column.</exception>
    public static int[] PlacesToRead(RowAccessor<T> accessor, Schema schema)
    {
        int[] places = Places(accessor, schema);
        int missing = Array.IndexOf(places, -1);
        return missing < 0 ? places : throw new SqlException(
            "42804", $"the result {schema} has no column \"{accessor.Columns[missing].Name}\", which {typeof(T).Name} needs", hint: "name the columns as the members are named");
    }
}
