// Rows that look like something, each a function of its number alone: for streams with generator = 'random'.
using System.Text;
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Generators;

/// <summary>Makes values that are plausible for a column's type and name. Times aside, the same seed and number give the same row.</summary>
/// <param name="columns">The columns; those that are computed are left null.</param>
/// <param name="eventTime">The column that gets the time a row is due; −1 for none.</param>
/// <param name="seed">What the values depend on beside the number.</param>
internal sealed class RandomRows(IReadOnlyList<Field> columns, int eventTime, long seed)
{
    private static readonly byte[][] Names = Words("ada ben cleo dan eva finn gus hana ivo jana kurt lea max nora otto pia");
    private static readonly (string[] Parts, byte[][] Words)[] Vocabularies =
    [
        (["city", "place", "region", "shop", "store"], Words("Vienna Graz Linz Salzburg Berlin Prague Zurich Milan Lyon Oslo")),
        (["country"], Words("AT DE CH CZ IT FR PL NO SE FI")),
        (["page", "path", "url"], Words("/ /search /cart /item /login /help /about /checkout")),
        (["status", "state", "level"], Words("ok slow retry failed")),
        (["host", "server", "machine", "device", "sensor"], Words("web-1 web-2 web-3 db-1 db-2 cache-1 queue-1")),
        (["currency"], Words("EUR USD CHF GBP CZK")),
        (["product", "item", "category"], Words("tea bread lamp chair book pen bike coat")),
    ];

    private readonly (Action<ColumnBuilder, ulong, long, long> Append, ulong Seed)[] _makers =
        [.. columns.Select((c, i) => (Maker(c, i == eventTime), Mix((ulong)seed ^ Mix((ulong)i + 1))))];

    /// <summary>Appends row <paramref name="number"/>, due at <paramref name="micros"/>.</summary>
    public void Append(BatchBuilder to, long number, long micros)
    {
        for (int i = 0; i < _makers.Length; i++)
        {
            _makers[i].Append(to.Columns[i], Mix(_makers[i].Seed ^ Mix((ulong)number)), number, micros);
        }

        to.EndRow();
    }

    private static Action<ColumnBuilder, ulong, long, long> Maker(Field column, bool isEventTime)
    {
        SqlType type = column.Type;
        bool isId = column.Name == "id";
        switch (type.Id)
        {
            case TypeId.Boolean:
                return (to, h, _, _) => ((FixedBuilder<bool>)to).Append((h & 1) == 1);
            case TypeId.SmallInt:
                return (to, h, n, _) => ((FixedBuilder<short>)to).Append(isId ? (short)(n % short.MaxValue) : (short)Skewed(h, 100));
            case TypeId.Integer:
                return (to, h, n, _) => ((FixedBuilder<int>)to).Append(isId ? (int)(n % int.MaxValue) : (int)Skewed(h, 1000));
            case TypeId.BigInt:
                return (to, h, n, _) => ((FixedBuilder<long>)to).Append(isId ? n : Skewed(h, 1000));
            case TypeId.Real:
                return (to, h, n, _) => ((FixedBuilder<float>)to).Append((float)Wave(h, n));
            case TypeId.Double:
                return (to, h, n, _) => ((FixedBuilder<double>)to).Append(Wave(h, n));
            case TypeId.Numeric:
                int scale = type.Scale < 0 ? 2 : type.Scale;
                Int128 unit = Power(scale), end = type.Precision < 0 ? Power(35) : Power(type.Precision);
                return (to, h, _, _) => ((FixedBuilder<Numeric>)to).Append(Numeric.Create((((Int128)(Skewed(h, 100_000) + 100) * unit) / 100) % end, scale));
            case TypeId.Text:
                byte[][] words = Array.Find(Vocabularies, v => Array.Exists(v.Parts, p => column.Name.Contains(p, StringComparison.OrdinalIgnoreCase))).Words ?? Names;
                return (to, h, _, _) => ((BytesBuilder)to).Append(Cut(words[Skewed(h, words.Length)], type.Precision));
            case TypeId.Bytea:
                return (to, h, _, _) => ((BytesBuilder)to).Append(BitConverter.GetBytes(h));
            case TypeId.Jsonb:
                return (to, h, n, _) => ((BytesBuilder)to).Append(Encoding.UTF8.GetBytes($"{{\"n\": {n}, \"name\": \"{Encoding.UTF8.GetString(Names[Skewed(h, Names.Length)])}\"}}"));
            case TypeId.Date:
                return (to, _, _, t) => ((FixedBuilder<int>)to).Append((int)Math.Floor(t / 86_400_000_000.0));
            case TypeId.Time:
                return (to, _, _, t) => ((FixedBuilder<long>)to).Append(((t % 86_400_000_000) + 86_400_000_000) % 86_400_000_000);
            case TypeId.Timestamp or TypeId.TimestampTz when isEventTime:
                return (to, _, _, t) => ((FixedBuilder<long>)to).Append(t);
            case TypeId.Timestamp or TypeId.TimestampTz:
                return (to, h, _, t) => ((FixedBuilder<long>)to).Append(t - (Skewed(h, 3_600) * 1_000_000));
            case TypeId.Interval:
                return (to, h, _, _) => ((FixedBuilder<Interval>)to).Append(new Interval(0, 0, Skewed(h, 600_000) * 1_000));
            case TypeId.Uuid:
                // Version 4, variant 1: as others write random ones.
                return (to, h, n, _) => ((FixedBuilder<Uuid>)to).Append(new Uuid((h & ~0xF000UL) | 0x4000UL, (Mix(h ^ (ulong)n) & ~(3UL << 62)) | (1UL << 63)));
            default:
                return (to, _, _, _) => to.AppendNull();
        }
    }

    // Small values are more frequent than large ones, as they are with most that is counted.
    private static long Skewed(ulong h, long end)
    {
        double u = (h >> 11) * (1.0 / (1UL << 53));
        return (long)(u * u * end);
    }

    // Something that goes up and down with some noise, so that a chart of it has a shape.
    private static double Wave(ulong h, long n) => Math.Round(50 + (30 * Math.Sin(n / 200.0)) + ((((h >> 11) * (1.0 / (1UL << 53))) - 0.5) * 20), 3);

    // SplitMix64: every bit of the result depends on every bit of the input.
    private static ulong Mix(ulong z)
    {
        z += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    private static ReadOnlySpan<byte> Cut(byte[] word, int characters) => characters < 0 || word.Length <= characters ? word : word.AsSpan(0, characters);

    private static Int128 Power(int exponent)
    {
        Int128 power = 1;
        for (int i = 0; i < Math.Min(exponent, 35); i++)
        {
            power *= 10;
        }

        return power;
    }

    private static byte[][] Words(string text) => [.. text.Split(' ').Select(Encoding.UTF8.GetBytes)];
}
