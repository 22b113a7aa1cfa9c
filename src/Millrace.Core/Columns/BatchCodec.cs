// The byte form of a batch inside log records and checkpoints: the column arrays as they lie in memory.
namespace Millrace.Core;

/// <summary>
/// Writes and reads batches and types as bytes. Layout of a batch: varint rows, byte hasWeights, [weights], then per column: byte form
/// (see the constants), [validity words], values. Types are not repeated: the reader brings the schema.
/// </summary>
public static class BatchCodec
{
    // Forms of a column, as bits. Persisted.
    private const byte HasNulls = 1;

    // Text: varint distinct values, their offsets and bytes, then codes of one, two or four bytes, as the number of values needs.
    private const byte IsCoded = 2;

    // Nothing but nulls, alone: neither validity nor values follow.
    private const byte AllNull = 4;

    // Nothing else bounds a count that no bytes stand behind.
    private const int AllNullMax = 1 << 24;

    /// <summary>Appends <paramref name="batch"/>.</summary>
    public static void Write(ByteWriter writer, Batch batch)
    {
        writer.WriteVarint((ulong)batch.Count);
        writer.WriteByte(batch.Weights is null ? (byte)0 : (byte)1);
        if (batch.Weights is { } weights)
        {
            writer.WriteArray(weights, batch.Count);
        }

        foreach (Column column in batch.Columns)
        {
            WriteColumn(writer, column, batch.Count);
        }
    }

    /// <summary>Reads a batch with the columns of <paramref name="schema"/>.</summary>
    /// <exception cref="FormatException">The bytes do not hold such a batch.</exception>
    public static Batch Read(ref ByteReader reader, Schema schema)
    {
        int count = reader.ReadCount();
        long[]? weights = reader.ReadByte() == 0 ? null : reader.ReadArray<long>(count);
        var columns = new Column[schema.Count];
        for (int i = 0; i < columns.Length; i++)
        {
            columns[i] = ReadColumn(ref reader, schema[i].Type, count);
        }

        return new Batch(columns, count, weights);
    }

    /// <summary>Reads a batch that ends where the bytes end: with the columns of <paramref name="schema"/>, or only the first of them.</summary>
    /// <exception cref="FormatException">The bytes do not hold such a batch.</exception>
    public static Batch ReadToEnd(ref ByteReader reader, Schema schema)
    {
        int count = reader.ReadCount();
        long[]? weights = reader.ReadByte() == 0 ? null : reader.ReadArray<long>(count);
        var columns = new List<Column>(schema.Count);
        while (reader.Remaining > 0 && columns.Count < schema.Count)
        {
            columns.Add(ReadColumn(ref reader, schema[columns.Count].Type, count));
        }

        return reader.Remaining == 0 ? new Batch([.. columns], count, weights) : throw new FormatException($"{reader.Remaining} bytes behind the last column");
    }

    /// <summary>Appends a type.</summary>
    public static void WriteType(ByteWriter writer, SqlType type)
    {
        writer.WriteByte((byte)type.Id);
        writer.WriteInt32(type.Precision);
        writer.WriteInt32(type.Scale);
        if (type.Id == TypeId.Array)
        {
            WriteType(writer, type.Element!);
        }
        else if (type.Id == TypeId.Row)
        {
            WriteSchema(writer, new Schema(type.Fields!));
        }
    }

    /// <summary>Reads a type.</summary>
    public static SqlType ReadType(ref ByteReader reader)
    {
        var id = (TypeId)reader.ReadByte();
        int precision = reader.ReadInt32();
        int scale = reader.ReadInt32();
        return id switch
        {
            TypeId.Array => SqlType.ArrayOf(ReadType(ref reader)),
            TypeId.Row => SqlType.RowOf(ReadSchema(ref reader).Fields),
            TypeId.Numeric when precision >= 0 => SqlType.NumericOf(precision, scale),
            TypeId.Text when precision >= 0 => SqlType.VarcharOf(precision),
            <= TypeId.Jsonb => SqlType.Of(id),
            _ => throw new FormatException($"unknown type id {(byte)id}"),
        };
    }

    /// <summary>Appends a schema.</summary>
    public static void WriteSchema(ByteWriter writer, Schema schema)
    {
        writer.WriteVarint((ulong)schema.Count);
        foreach (Field field in schema.Fields)
        {
            writer.WriteString(field.Name);
            WriteType(writer, field.Type);
            writer.WriteByte(field.Nullable ? (byte)1 : (byte)0);
        }
    }

    /// <summary>Reads a schema.</summary>
    public static Schema ReadSchema(ref ByteReader reader)
    {
        int count = reader.ReadCount();
        var fields = new List<Field>();
        for (int i = 0; i < count; i++)
        {
            string name = reader.ReadString();
            SqlType type = ReadType(ref reader);
            fields.Add(new Field(name, type, reader.ReadByte() != 0));
        }

        return new Schema(fields);
    }

    private static void WriteColumn(ByteWriter writer, Column column, int count)
    {
        if (IsAllNull(column, count))
        {
            writer.WriteByte(AllNull);
            return;
        }

        CodedText? coded = column is BytesColumn { Coded: { } c0 } text && c0.IsShorter(text, count) ? c0 : null;
        writer.WriteByte((byte)((column.Validity is null ? 0 : HasNulls) | (coded is null ? 0 : IsCoded)));
        if (column.Validity is { } validity)
        {
            writer.WriteArray(validity, (count + 63) >> 6);
        }

        switch (column)
        {
            case BytesColumn when coded is not null: WriteCoded(writer, coded, count); break;
            case FixedColumn<bool> c: writer.WriteArray(c.Values, count); break;
            case FixedColumn<short> c: writer.WriteArray(c.Values, count); break;
            case FixedColumn<int> c: writer.WriteArray(c.Values, count); break;
            case FixedColumn<long> c: writer.WriteArray(c.Values, count); break;
            case FixedColumn<float> c: writer.WriteArray(c.Values, count); break;
            case FixedColumn<double> c: writer.WriteArray(c.Values, count); break;
            case FixedColumn<Numeric> c: writer.WriteArray(c.Values, count); break;
            case FixedColumn<Interval> c: writer.WriteArray(c.Values, count); break;
            case FixedColumn<Uuid> c: writer.WriteArray(c.Values, count); break;
            case BytesColumn c:
                writer.WriteArray(c.Offsets, count + 1);
                writer.Write(c.Data.AsSpan(0, c.Offsets[count]));
                break;
            case ListColumn c:
                writer.WriteArray(c.Offsets, count + 1);
                WriteColumn(writer, c.Elements, c.Offsets[count]);
                break;
            case RowColumn c:
                foreach (Column field in c.Fields)
                {
                    WriteColumn(writer, field, count);
                }

                break;
            default: Check.Fail($"no byte form for {column.Type}"); break;
        }
    }

    private static Column ReadColumn(ref ByteReader reader, SqlType type, int count)
    {
        byte form = reader.ReadByte();
        if (form == AllNull && count <= AllNullMax)
        {
            return NullColumns.Of(type, count);
        }

        if (form > (HasNulls | IsCoded))
        {
            throw new FormatException($"unknown form {form} of a column");
        }

        ulong[]? validity = (form & HasNulls) == 0 ? null : reader.ReadArray<ulong>((count + 63) >> 6);
        if ((form & IsCoded) != 0)
        {
            return type.Id is TypeId.Text or TypeId.Bytea or TypeId.Jsonb or TypeId.Unknown
                ? ReadCoded(ref reader, type, count, validity) : throw new FormatException($"{type} cannot be coded");
        }

        switch (type.Id)
        {
            case TypeId.Boolean: return new FixedColumn<bool>(type, ReadBooleans(ref reader, count), count, validity);
            case TypeId.SmallInt: return new FixedColumn<short>(type, reader.ReadArray<short>(count), count, validity);
            case TypeId.Integer or TypeId.Date: return new FixedColumn<int>(type, reader.ReadArray<int>(count), count, validity);
            case TypeId.BigInt or TypeId.Time or TypeId.Timestamp or TypeId.TimestampTz:
                return new FixedColumn<long>(type, reader.ReadArray<long>(count), count, validity);
            case TypeId.Real: return new FixedColumn<float>(type, reader.ReadArray<float>(count), count, validity);
            case TypeId.Double: return new FixedColumn<double>(type, reader.ReadArray<double>(count), count, validity);
            case TypeId.Numeric: return new FixedColumn<Numeric>(type, reader.ReadArray<Numeric>(count), count, validity);
            case TypeId.Interval: return new FixedColumn<Interval>(type, reader.ReadArray<Interval>(count), count, validity);
            case TypeId.Uuid: return new FixedColumn<Uuid>(type, reader.ReadArray<Uuid>(count), count, validity);
            case TypeId.Text or TypeId.Bytea or TypeId.Jsonb or TypeId.Unknown:
                int[] offsets = ReadOffsets(ref reader, count);
                return new BytesColumn(type, offsets, reader.Read(offsets[count]).ToArray(), count, validity);
            case TypeId.Array:
                int[] starts = ReadOffsets(ref reader, count);
                return new ListColumn(type, starts, ReadColumn(ref reader, type.Element!, starts[count]), count, validity);
            case TypeId.Row:
                var fields = new Column[type.Fields!.Count];
                for (int i = 0; i < fields.Length; i++)
                {
                    fields[i] = ReadColumn(ref reader, type.Fields[i].Type, count);
                }

                return new RowColumn(type, fields, count, validity);
            default: throw new FormatException($"unknown type id {(byte)type.Id}");
        }
    }

    private static bool IsAllNull(Column column, int count)
    {
        if (column.Validity is not { } validity || count is 0 or > AllNullMax)
        {
            return false;
        }

        for (int word = 0; word < count >> 6; word++)
        {
            if (validity[word] != 0)
            {
                return false;
            }
        }

        return (count & 63) == 0 || (validity[count >> 6] & ((1UL << count) - 1)) == 0;
    }

    private static void WriteCoded(ByteWriter writer, CodedText coded, int count)
    {
        int distinct = coded.Values.Length;
        writer.WriteVarint((ulong)distinct);
        writer.WriteArray(coded.Values.Offsets, distinct + 1);
        writer.Write(coded.Values.Data.AsSpan(0, coded.Values.Offsets[distinct]));
        switch (coded.CodeBytes)
        {
            case 1: writer.WriteArray(Narrow<byte>(coded.Codes, count), count); break;
            case 2: writer.WriteArray(Narrow<ushort>(coded.Codes, count), count); break;
            default: writer.WriteArray(coded.Codes, count); break;
        }
    }

    private static BytesColumn ReadCoded(ref ByteReader reader, SqlType type, int count, ulong[]? validity)
    {
        int distinct = reader.ReadCount();
        int[] offsets = ReadOffsets(ref reader, distinct);
        var values = new BytesColumn(type, offsets, reader.Read(offsets[distinct]).ToArray(), distinct);
        int[] codes = new CodedText(values, []).CodeBytes switch
        {
            1 => Array.ConvertAll(reader.ReadArray<byte>(count), c => (int)c),
            2 => Array.ConvertAll(reader.ReadArray<ushort>(count), c => (int)c),
            _ => reader.ReadArray<int>(count),
        };
        foreach (int code in codes)
        {
            if ((uint)code >= (uint)distinct)
            {
                throw new FormatException($"code {code} where there are {distinct} values");
            }
        }

        try
        {
            return BytesColumn.FromCodes(values, codes, count, validity);
        }
        catch (SqlException e)
        {
            throw new FormatException(e.Message);
        }
    }

    private static T[] Narrow<T>(int[] codes, int count)
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        var narrow = GC.AllocateUninitializedArray<T>(count);
        for (int i = 0; i < count; i++)
        {
            narrow[i] = T.CreateTruncating(codes[i]);
        }

        return narrow;
    }

    // A byte other than 0 and 1 in a bool array is undefined behaviour for the code that reads it: refuse it here.
    private static bool[] ReadBooleans(ref ByteReader reader, int count)
    {
        byte[] bytes = reader.ReadArray<byte>(count);
        if (bytes.AsSpan().ContainsAnyExceptInRange((byte)0, (byte)1))
        {
            throw new FormatException("boolean other than 0 and 1");
        }

        return Array.ConvertAll(bytes, b => b != 0);
    }

    private static int[] ReadOffsets(ref ByteReader reader, int count)
    {
        int[] offsets = reader.ReadArray<int>(count + 1);
        int last = 0;
        foreach (int offset in offsets)
        {
            if (offset < last)
            {
                throw new FormatException("offsets do not ascend");
            }

            last = offset;
        }

        if (offsets[0] != 0)
        {
            throw new FormatException("first offset is not 0");
        }

        return offsets;
    }
}
