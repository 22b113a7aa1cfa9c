// Ids of codecs and blocks written once are read for ever: tests/golden/codecs.txt lists the ids, codec-blocks.txt keeps a block of each kind.
using System.Numerics;
using Millrace.Core;
using Millrace.Store.Codecs;
using Xunit;

namespace Millrace.Tests.Store;

public class CodecGoldenTests
{
    private static readonly string[] s_shapes = ["constant", "regular", "jitter", "runs", "noise", "outlier", "random", "walk", "thirds", "few"];
    private static readonly SqlType[] s_types =
    [
        SqlType.Boolean, SqlType.SmallInt, SqlType.BigInt, SqlType.Real, SqlType.Double, SqlType.Numeric, SqlType.Text, SqlType.Interval, SqlType.Uuid,
        SqlType.ArrayOf(SqlType.BigInt), SqlType.RowOf([new Field("a", SqlType.Date), new Field("b", SqlType.Bytea)]),
    ];

    private static bool Accepting => Environment.GetEnvironmentVariable("MILLRACE_GOLDEN") is not null;

    [Fact]
    public void IdsNeverChange()
    {
        string file = PathOf("codecs.txt");
        string[] now = [.. CodecTable.All.OrderBy(c => c.Id).Select(c => $"{c.Id}\t{c.GetType().Name}\t{c.Name}")];
        if (Accepting)
        {
            File.WriteAllLines(file, now);
        }

        Assert.Equal(File.ReadAllLines(file), now);
    }

    [Fact]
    public void OldBlocksAreReadForEver()
    {
        string file = PathOf("codec-blocks.txt");
        if (Accepting)
        {
            Accept(file);
        }

        foreach (string[] row in File.ReadLines(file).Select(l => l.Split('\t')))
        {
            Column expected = Make(row[0], out SqlType type);
            byte[] block = Convert.FromHexString(row[2]);
            ColumnBuilder found = ColumnBuilder.For(type);
            BlockCodec.Decode(block, type, expected.Length, found);
            CodecData.AssertSame(expected, 0, expected.Length, found.ToColumn(), 0, row[0]);
            Assert.Equal(row[1], BlockCodec.Describe(block));
        }
    }

    // Blocks that are there stay, whatever would be written today: new kinds come behind them.
    private static void Accept(string file)
    {
        List<string> lines = File.Exists(file) ? [.. File.ReadAllLines(file)] : [];
        var known = lines.Select(l => string.Join('\t', l.Split('\t')[..2])).ToHashSet();
        foreach (string name in Names())
        {
            var writer = new ByteWriter();
            Column column = Make(name, out _);
            BlockCodec.Encode(column, 0, column.Length, writer);
            string key = $"{name}\t{BlockCodec.Describe(writer.Written)}";
            if (known.Add(key))
            {
                lines.Add($"{key}\t{Convert.ToHexString(writer.Written)}");
            }
        }

        File.WriteAllLines(file, lines);
    }

    private static IEnumerable<string> Names() => from type in s_types from shape in s_shapes select $"{type}/{shape}";

    private static Column Make(string name, out SqlType type)
    {
        int cut = name.LastIndexOf('/');
        type = s_types.First(t => t.ToString() == name[..cut]);
        ColumnBuilder builder = ColumnBuilder.For(type);
        int shape = Array.IndexOf(s_shapes, name[(cut + 1)..]);
        int rows = shape >= 7 ? 300 : 20;
        for (int row = 0; row < rows; row++)
        {
            Append(builder, shape, row);
        }

        return builder.ToColumn();
    }

    // Whole-number arithmetic only, so that it is the same column on every machine.
    private static void Append(ColumnBuilder builder, int shape, int row)
    {
        ulong chance = Mix((ulong)row);
        long number = shape switch
        {
            0 => 42,
            1 => 1_700_000_000_000_000 + (row * 10_000_000L),
            2 => 1_700_000_000_000_000 + (row * 10_000_000L) + ((long)(chance % 9) * 1000),
            3 => row / 7 * 100,
            4 => 5000 + (long)(chance % 40) + (long)(chance >> 32) % 40,
            5 => row == 10 ? -1_000_000_007 : (long)(chance % 8),
            6 => (long)chance,
            9 => (long)Mix(chance % 5),
            8 => (long)(Mix((ulong)(row - (int)(chance % 2))) % 1000),
            _ => Enumerable.Range(0, row).Sum(r => BitOperations.PopCount(Mix((ulong)r) & 0xFFFF) - 8L),
        };
        bool isNull = shape == 4 && chance % 10 == 0;
        switch (builder)
        {
            case var b when isNull: b.AppendNull(); break;
            case FixedBuilder<bool> b: b.Append((number & 1) != 0); break;
            case FixedBuilder<short> b: b.Append((short)number); break;
            case FixedBuilder<int> b: b.Append((int)number); break;
            case FixedBuilder<long> b: b.Append(number); break;
            case FixedBuilder<float> b: b.Append(shape == 6 ? BitConverter.UInt32BitsToSingle((uint)number) : (short)number / (shape == 8 ? 3f : 10f)); break;
            case FixedBuilder<double> b: b.Append(shape == 6 ? BitConverter.Int64BitsToDouble(number) : number / (shape == 8 ? 3.0 : 100.0)); break;
            case FixedBuilder<Numeric> b: b.Append(Numeric.Create(number, shape)); break;
            case FixedBuilder<Interval> b: b.Append(new Interval((int)number, (int)(number >> 3), number)); break;
            case FixedBuilder<Uuid> b: b.Append(new Uuid((ulong)number, Mix((ulong)number))); break;
            case BytesBuilder b: b.Append(System.Text.Encoding.UTF8.GetBytes($"host_{number}.example.org")); break;
            case ListBuilder b:
                for (int i = 0; i < row % 3; i++)
                {
                    Append(b.Elements, shape, row + i);
                }

                b.EndList();
                break;
            case RowBuilder b:
                Array.ForEach(b.Fields, field => Append(field, shape, row));
                b.EndRow();
                break;
        }
    }

    // The finalizer of splitmix64.
    private static ulong Mix(ulong x)
    {
        x = (x + 1) * 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    private static string PathOf(string file) => Path.Combine(Text.Golden.Folder, "..", "golden", file);
}
