// The byte form of a batch inside log records and checkpoints: the column arrays as they lie in memory.
namespace Millrace.Core;

/// <summary>
/// Writes and reads batches and types as bytes. Layout of a batch: varint rows, byte hasWeights, [weights], then per column: byte hasNulls,
/// [validity words], values. Types are not repeated: the reader brings the schema.
/// </summary>
public static class BatchCodec
{
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
        writer.WriteByte(column.Validity is null ? (byte)0 : (byte)1);
        if (column.Validity is { } validity)
        {
            writer.WriteArray(validity, (count + 63) >> 6);
        }

        switch (column)
        {
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
        ulong[]? validity = reader.ReadByte() == 0 ? null : reader.ReadArray<ulong>((count + 63) >> 6);
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
