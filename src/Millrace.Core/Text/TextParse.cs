// Text to values, in the forms and with the errors of PostgreSQL.
namespace Millrace.Core;

/// <summary>
/// Reads values from their text form (UTF-8). Errors are <see cref="SqlException"/> with PostgreSQL's codes: 22P02 for what is not of the form,
/// 22007 and 22008 for dates, 22003 out of range. A failed value leaves the builder as it was.
/// </summary>
public static class TextParse
{
    [ThreadStatic]
    private static ByteWriter? s_json;

    /// <summary>Appends the value that <paramref name="utf8"/> stands for in the builder's type, with its declared precision or length.</summary>
    public static void Append(ColumnBuilder builder, ReadOnlySpan<byte> utf8)
    {
        switch (builder.Type.Id)
        {
            case TypeId.Boolean:
                ((FixedBuilder<bool>)builder).Append(NumberText.ParseBoolean(utf8));
                break;
            case TypeId.SmallInt:
                ((FixedBuilder<short>)builder).Append((short)NumberText.ParseInteger(utf8, short.MinValue, short.MaxValue, "smallint"));
                break;
            case TypeId.Integer:
                ((FixedBuilder<int>)builder).Append(Integer(utf8));
                break;
            case TypeId.BigInt:
                ((FixedBuilder<long>)builder).Append(BigInt(utf8));
                break;
            case TypeId.Real:
                ((FixedBuilder<float>)builder).Append(NumberText.ParseReal(utf8));
                break;
            case TypeId.Double:
                ((FixedBuilder<double>)builder).Append(Double(utf8));
                break;
            case TypeId.Numeric:
                ((FixedBuilder<Numeric>)builder).Append(Numeric.Parse(utf8).WithPrecision(builder.Type.Precision, builder.Type.Scale));
                break;
            case TypeId.Text:
                if (!System.Text.Unicode.Utf8.IsValid(utf8) || utf8.Contains((byte)0))
                {
                    throw new SqlException("22021", "invalid byte sequence for encoding \"UTF8\"");
                }

                ((BytesBuilder)builder).Append(FitLength(utf8, builder.Type.Precision));
                break;
            case TypeId.Unknown:
                ((BytesBuilder)builder).Append(utf8);
                break;
            case TypeId.Bytea:
                var bytes = (BytesBuilder)builder;
                bytes.Commit(BytesText.ParseBytea(utf8, bytes.Reserve(utf8.Length)));
                break;
            case TypeId.Date:
                ((FixedBuilder<int>)builder).Append(Date(utf8));
                break;
            case TypeId.Time:
                ((FixedBuilder<long>)builder).Append(Time(utf8));
                break;
            case TypeId.Timestamp:
                ((FixedBuilder<long>)builder).Append(Timestamp(utf8));
                break;
            case TypeId.TimestampTz:
                ((FixedBuilder<long>)builder).Append(TimestampTz(utf8));
                break;
            case TypeId.Interval:
                ((FixedBuilder<Interval>)builder).Append(Interval(utf8));
                break;
            case TypeId.Uuid:
                ((FixedBuilder<Uuid>)builder).Append(Uuid(utf8));
                break;
            case TypeId.Jsonb:
                ByteWriter json = s_json ??= new ByteWriter(1024);
                json.Reset();
                JsonNormalizer.Append(json, utf8);
                ((BytesBuilder)builder).Append(json.Written);
                break;
            case TypeId.Array:
                NestedText.ParseList((ListBuilder)builder, utf8);
                break;
            case TypeId.Row:
                NestedText.ParseRow((RowBuilder)builder, utf8);
                break;
            default:
                Check.Fail($"no text form for {builder.Type}");
                break;
        }
    }

    /// <summary>The value in its boxed CLR representation.</summary>
    public static object Value(SqlType type, ReadOnlySpan<byte> utf8)
    {
        ColumnBuilder builder = ColumnBuilder.For(type);
        Append(builder, utf8);
        return BoxedValue.Get(builder.ToColumn(), 0)!;
    }

    /// <summary>boolean.</summary>
    public static bool Boolean(ReadOnlySpan<byte> utf8) => NumberText.ParseBoolean(utf8);

    /// <summary>smallint.</summary>
    public static short SmallInt(ReadOnlySpan<byte> utf8) => (short)NumberText.ParseInteger(utf8, short.MinValue, short.MaxValue, "smallint");

    /// <summary>integer.</summary>
    public static int Integer(ReadOnlySpan<byte> utf8) => (int)NumberText.ParseInteger(utf8, int.MinValue, int.MaxValue, "integer");

    /// <summary>bigint.</summary>
    public static long BigInt(ReadOnlySpan<byte> utf8) => NumberText.ParseInteger(utf8, long.MinValue, long.MaxValue, "bigint");

    /// <summary>real.</summary>
    public static float Real(ReadOnlySpan<byte> utf8) => NumberText.ParseReal(utf8);

    /// <summary>double precision.</summary>
    public static double Double(ReadOnlySpan<byte> utf8) => NumberText.ParseDouble(utf8);

    /// <summary>uuid.</summary>
    public static Uuid Uuid(ReadOnlySpan<byte> utf8) => BytesText.ParseUuid(utf8);

    /// <summary>interval.</summary>
    public static Interval Interval(ReadOnlySpan<byte> utf8) => IntervalText.Parse(utf8);

    /// <summary>date: days since 1970-01-01. A time of day behind it is ignored.</summary>
    public static int Date(ReadOnlySpan<byte> utf8)
    {
        DateTimeParser.Outcome outcome = DateTimeParser.Parse(utf8, out DateTimeParser found);
        if (found.Infinite != 0 && outcome == DateTimeParser.Outcome.Ok)
        {
            return found.Infinite > 0 ? Calendar.DateInfinity : Calendar.DateMinusInfinity;
        }

        CheckOutcome(outcome, found.HasDate, "date", utf8);
        long days = found.Days;
        if (days is < Calendar.FirstDay or >= Calendar.EndDay)
        {
            throw new SqlException("22008", $"date out of range: \"{TextError.Show(utf8)}\"");
        }

        return (int)days;
    }

    /// <summary>time: µs since midnight.</summary>
    public static long Time(ReadOnlySpan<byte> utf8)
    {
        DateTimeParser.Outcome outcome = DateTimeParser.Parse(utf8, out DateTimeParser found, timeOnly: true);
        CheckOutcome(outcome, found.HasTime, "time", utf8);
        return found.TimeMicros;
    }

    /// <summary>timestamp: µs since 1970-01-01; a time zone is ignored.</summary>
    public static long Timestamp(ReadOnlySpan<byte> utf8)
    {
        DateTimeParser.Outcome outcome = DateTimeParser.Parse(utf8, out DateTimeParser found);
        if (found.Infinite != 0 && outcome == DateTimeParser.Outcome.Ok)
        {
            return found.Infinite > 0 ? Calendar.Infinity : Calendar.MinusInfinity;
        }

        CheckOutcome(outcome, found.HasDate, "timestamp", utf8);
        return Instant(found, 0, utf8);
    }

    /// <summary>timestamptz: µs since 1970-01-01 UTC; without a zone the text is taken as UTC.</summary>
    public static long TimestampTz(ReadOnlySpan<byte> utf8) => TimestampTz(utf8, TimeZoneInfo.Utc);

    /// <summary>timestamptz: µs since 1970-01-01 UTC; without a zone the text is local time of <paramref name="session"/>.</summary>
    public static long TimestampTz(ReadOnlySpan<byte> utf8, TimeZoneInfo session)
    {
        DateTimeParser.Outcome outcome = DateTimeParser.Parse(utf8, out DateTimeParser found);
        if (found.Infinite != 0 && outcome == DateTimeParser.Outcome.Ok)
        {
            return found.Infinite > 0 ? Calendar.Infinity : Calendar.MinusInfinity;
        }

        CheckOutcome(outcome, found.HasDate, "timestamp with time zone", utf8);
        if (found.Zone is null && found.HasZone)
        {
            return Instant(found, found.OffsetSeconds, utf8);
        }

        return TimeZones.ToUtc(found.Zone ?? session, Instant(found, 0, utf8));
    }

    private static long Instant(in DateTimeParser found, int offsetSeconds, ReadOnlySpan<byte> utf8)
    {
        Int128 micros = ((Int128)found.Days * Calendar.DayMicros) + found.TimeMicros - (offsetSeconds * Calendar.SecondMicros);
        if (micros < Calendar.FirstMicros || micros >= Calendar.EndMicros)
        {
            throw new SqlException("22008", $"timestamp out of range: \"{TextError.Show(utf8)}\"");
        }

        return (long)micros;
    }

    private static void CheckOutcome(DateTimeParser.Outcome outcome, bool complete, string type, ReadOnlySpan<byte> utf8)
    {
        if (outcome == DateTimeParser.Outcome.Range)
        {
            TextError.DateRange(utf8);
        }

        if (outcome != DateTimeParser.Outcome.Ok || !complete)
        {
            TextError.DateSyntax(type, utf8);
        }
    }

    /// <summary>The text when it has no more than <paramref name="characters"/>; spaces beyond them are cut.</summary>
    /// <exception cref="SqlException">22001 when it is longer.</exception>
    public static ReadOnlySpan<byte> FitLength(ReadOnlySpan<byte> utf8, int characters)
    {
        if (characters < 0 || utf8.Length <= characters)
        {
            return utf8;
        }

        int count = 0;
        int end = utf8.Length;
        for (int i = 0; i < utf8.Length; i++)
        {
            if ((utf8[i] & 0xC0) != 0x80 && ++count > characters)
            {
                end = i;
                break;
            }
        }

        if (utf8[end..].IndexOfAnyExcept((byte)' ') >= 0)
        {
            throw new SqlException("22001", $"value too long for type character varying({characters})");
        }

        return utf8[..end];
    }
}
