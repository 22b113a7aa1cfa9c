// Maps rows to objects of the caller's types and back, by compiled accessors made once a type and schema.
using System.Linq.Expressions;
using System.Reflection;
using System.Text;
using Millrace.Core;
using Millrace.Engine;

namespace Millrace;

/// <summary>
/// Reads rows into <typeparamref name="T"/>: a scalar takes the only column; a record or class takes columns by name, through its constructor's
/// parameters and settable properties (case and underscores do not matter: DateTime finds date_time).
/// </summary>
internal sealed class RowMapper<T>
{
    private readonly Func<Batch, int, T> _read;

    public RowMapper(Schema schema)
    {
        if (RowAccessors<T>.Known is { } accessor)
        {
            var cells = new RowCells(schema, RowAccessors<T>.PlacesToRead(accessor, schema));
            _read = (from, at) => accessor.Read(cells.At(from, at));
            return;
        }

        ParameterExpression batch = Expression.Parameter(typeof(Batch));
        ParameterExpression row = Expression.Parameter(typeof(int));
        _read = Expression.Lambda<Func<Batch, int, T>>(Build(schema, batch, row), batch, row).Compile();
    }

    public T Read(Batch batch, int row) => _read(batch, row);

    private static Expression Build(Schema schema, ParameterExpression batch, ParameterExpression row)
    {
        if (schema.Count == 1 && ClrValues.IsScalar(typeof(T)))
        {
            return Cell(schema, 0, typeof(T), batch, row);
        }

        ConstructorInfo? constructor = typeof(T).GetConstructors().OrderByDescending(c => c.GetParameters().Length)
            .FirstOrDefault(c => c.GetParameters().All(p => Find(schema, p.Name!) >= 0));
        if (constructor is null)
        {
            throw new SqlException(
                "42804", $"{typeof(T).Name} has no constructor whose parameters are all columns of the result {schema}",
                hint: "name the columns as the parameters or properties are named");
        }

        var used = new HashSet<string>(constructor.GetParameters().Select(p => Normal(p.Name!)));
        Expression made = Expression.New(constructor, constructor.GetParameters().Select(p => Cell(schema, Find(schema, p.Name!), p.ParameterType, batch, row)));
        IEnumerable<MemberBinding> bindings = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.CanWrite && !used.Contains(Normal(p.Name)) && Find(schema, p.Name) >= 0)
            .Select(p => Expression.Bind(p, Cell(schema, Find(schema, p.Name), p.PropertyType, batch, row)));
        return Expression.MemberInit((NewExpression)made, bindings);
    }

    private static Expression Cell(Schema schema, int column, Type type, Expression batch, Expression row) => Expression.Call(
        typeof(ClrValues).GetMethod(nameof(ClrValues.Get))!.MakeGenericMethod(type),
        Expression.ArrayIndex(Expression.Property(batch, nameof(Batch.Columns)), Expression.Constant(column)), row, Expression.Constant(schema[column].Name));

    internal static int Find(Schema schema, string name)
    {
        for (int i = 0; i < schema.Count; i++)
        {
            if (Normal(schema[i].Name) == Normal(name))
            {
                return i;
            }
        }

        return -1;
    }

    internal static string Normal(string name) => name.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
}

/// <summary>Writes objects of type <typeparamref name="T"/> into columns, by the same rules.</summary>
internal sealed class RowWriter<T>
{
    private readonly Func<T, object?>?[] _get;
    private readonly Schema _schema;
    private readonly RowAccessor<T>? _accessor = RowAccessors<T>.Known;
    private readonly int[] _places = [];

    public RowWriter(Schema schema, string name)
    {
        _schema = schema;
        if (_accessor is not null)
        {
            _get = [];
            _places = RowAccessors<T>.PlacesToWrite(_accessor, schema, name);
            return;
        }

        var properties = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanRead).ToDictionary(p => RowMapper<T>.Normal(p.Name));
        _get = new Func<T, object?>?[schema.Count];
        for (int i = 0; i < schema.Count; i++)
        {
            if (properties.Remove(RowMapper<T>.Normal(schema[i].Name), out PropertyInfo? property))
            {
                ParameterExpression o = Expression.Parameter(typeof(T));
                _get[i] = Expression.Lambda<Func<T, object?>>(Expression.Convert(Expression.Property(o, property), typeof(object)), o).Compile();
            }
        }

        if (properties.Count > 0)
        {
            throw new SqlException(
                "42703", $"\"{name}\" has no column for property {properties.Values.First().Name} of {typeof(T).Name}", hint: $"its columns are {schema}");
        }
    }

    public Batch Write(IEnumerable<T> rows)
    {
        if (_accessor is not null)
        {
            var appender = new RowAppender(_schema, _places);
            foreach (T row in rows)
            {
                _accessor.Write(row, appender);
                appender.EndRow();
            }

            return appender.ToBatch();
        }

        var builder = new BatchBuilder(_schema);
        foreach (T row in rows)
        {
            for (int c = 0; c < _get.Length; c++)
            {
                ClrValues.Append(builder.Columns[c], _get[c]?.Invoke(row), _schema[c].Name);
            }

            builder.EndRow();
        }

        return builder.ToBatch();
    }
}

/// <summary>The caller's CLR types against the column representations.</summary>
internal static class ClrValues
{
    public static bool IsScalar(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type.IsPrimitive || type == typeof(string) || type == typeof(decimal) || type == typeof(DateTime) || type == typeof(DateTimeOffset)
            || type == typeof(DateOnly) || type == typeof(TimeOnly) || type == typeof(TimeSpan) || type == typeof(Guid) || type == typeof(byte[]) || type == typeof(object);
    }

    /// <summary>The value of a cell as the caller's type.</summary>
    public static T Get<T>(Column column, int row, string name)
    {
        if (column.IsNull(row))
        {
            return default(T) is null
                ? default!
                : throw new SqlException("22002", $"column \"{name}\" is null in a row, and {typeof(T).Name} cannot be", hint: "use a nullable type, or COALESCE");
        }

        Type target = Nullable.GetUnderlyingType(typeof(T)) ?? typeof(T);
        object value = ToClr(column, row);
        return value is T typed ? typed : (T)Convert(value, target, column.Type, name);
    }

    /// <summary>µs since 1970; a time of no kind counts as UTC.</summary>
    public static long Micros(DateTime t) => ((t.Kind == DateTimeKind.Local ? t.ToUniversalTime() : t).Ticks - DateTime.UnixEpoch.Ticks) / 10;

    /// <summary>µs since 1970.</summary>
    public static long Micros(DateTimeOffset t) => (t.UtcTicks - DateTime.UnixEpoch.Ticks) / 10;

    public static void Append(ColumnBuilder builder, object? value, string name)
    {
        if (value is null)
        {
            builder.AppendNull();
            return;
        }

        switch (value, builder.Type.Id)
        {
            case (string s, _): TextParse.Append(builder, Encoding.UTF8.GetBytes(s)); break;
            case (byte[] b, TypeId.Bytea): ((BytesBuilder)builder).Append(b); break;
            case (DateTime t, TypeId.Timestamp or TypeId.TimestampTz):
                ((FixedBuilder<long>)builder).Append(Micros(t));
                break;
            case (DateTimeOffset t, TypeId.Timestamp or TypeId.TimestampTz): ((FixedBuilder<long>)builder).Append(Micros(t)); break;
            case (DateOnly d, TypeId.Date): ((FixedBuilder<int>)builder).Append(d.DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber); break;
            case (TimeOnly t, TypeId.Time): ((FixedBuilder<long>)builder).Append(t.Ticks / 10); break;
            case (TimeSpan t, TypeId.Interval): ((FixedBuilder<Interval>)builder).Append(new Interval(0, 0, t.Ticks / 10)); break;
            case (bool b, TypeId.Boolean): ((FixedBuilder<bool>)builder).Append(b); break;
            case (Guid or IFormattable, _):
                try
                {
                    TextParse.Append(builder, Encoding.UTF8.GetBytes(((IFormattable)value).ToString(null, System.Globalization.CultureInfo.InvariantCulture)));
                }
                catch (SqlException e)
                {
                    throw new SqlException(e.SqlState, $"column \"{name}\" of type {builder.Type} cannot take a {value.GetType().Name}: {e.Message}");
                }

                break;
            default: throw new SqlException("42804", $"column \"{name}\" of type {builder.Type} cannot take a {value.GetType().Name}");
        }
    }

    private static object ToClr(Column column, int row)
    {
        object value = BoxedValue.Get(column, row)!;
        return column.Type.Id switch
        {
            TypeId.Text or TypeId.Jsonb or TypeId.Unknown => value.ToString()!,
            TypeId.Bytea => ((ByteSlice)value).Span.ToArray(),
            TypeId.Timestamp => DateTime.UnixEpoch.AddTicks((long)value * 10),
            TypeId.TimestampTz => DateTime.UnixEpoch.AddTicks((long)value * 10),
            TypeId.Date => DateOnly.FromDateTime(DateTime.UnixEpoch).AddDays((int)value),
            TypeId.Time => new TimeOnly((long)value * 10),
            TypeId.Interval when value is Interval { Months: 0 } i => new TimeSpan((i.Days * TimeSpan.TicksPerDay) + (i.Micros * 10)),
            TypeId.Uuid => Guid.Parse(TextFormat.ToText(column, row)!),
            TypeId.Numeric => decimal.Parse(TextFormat.ToText(column, row)!, System.Globalization.CultureInfo.InvariantCulture),
            TypeId.Array or TypeId.Row or TypeId.Interval => TextFormat.ToText(column, row)!,
            _ => value,
        };
    }

    private static object Convert(object value, Type target, SqlType type, string name)
    {
        try
        {
            return target switch
            {
                _ when target == typeof(DateTimeOffset) && value is DateTime t => new DateTimeOffset(t, TimeSpan.Zero),
                _ when target == typeof(string) => System.Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)!,
                _ when target.IsEnum && value is string s => Enum.Parse(target, s, ignoreCase: true),
                _ when target.IsEnum => Enum.ToObject(target, value),
                _ => System.Convert.ChangeType(value, target, System.Globalization.CultureInfo.InvariantCulture),
            };
        }
        catch (Exception e) when (e is InvalidCastException or FormatException or OverflowException or ArgumentException)
        {
            throw new SqlException("42846", $"column \"{name}\" of type {type} cannot be read as {target.Name}: {e.Message}");
        }
    }
}
