// T41 of the reliability catalogue: half a million keys that fall together in every table whose hash can be foreseen.
using System.Buffers.Binary;
using System.Numerics;
using Millrace.Core;
using Millrace.Engine;
using Millrace.Store.Codecs;
using Xunit;

namespace Millrace.Tests.Doors.Hostile;

public sealed class FloodTests
{
    private const int Keys = 500_000;

    // Steps of eight bytes of FNV-1a with a fold, as tables of text have been hashed here: whatever the first step leaves can be taken back by the second.
    private static IEnumerable<byte[]> ThatFallTogether(int count)
    {
        const ulong Prime = 1099511628211;
        ulong start = 14695981039346656037 ^ 16;
        for (ulong i = 0; i < (ulong)count; i++)
        {
            ulong first = (start ^ i) * Prime;
            first ^= first >> 29;
            byte[] key = new byte[16];
            BinaryPrimitives.WriteUInt64LittleEndian(key, i);
            BinaryPrimitives.WriteUInt64LittleEndian(key.AsSpan(8), first ^ 0x0123_4567_89AB_CDEF);
            yield return key;
        }
    }

    // Their products with 2^64 / φ have the same upper half.
    private static IEnumerable<long> NumbersThatFallTogether(int count)
    {
        ulong inverse = 1;
        for (int i = 0; i < 6; i++)
        {
            inverse *= 2 - (0x9E37_79B9_7F4A_7C15 * inverse);
        }

        return Enumerable.Range(0, count).Select(i => (long)((uint)i * inverse));
    }

    [Fact]
    public void TextIsSpreadWhateverWasChosen()
    {
        Assert.True(Spread(ThatFallTogether(Keys).Select(k => KeyHash.Of(k))) > 0.95);
        Assert.True(Spread(ThatFallTogether(Keys).Select(k => (uint)new ByteSlice(k, 0, k.Length).GetHashCode())) > 0.95);

        // Runs of the same byte, and keys that differ in one bit.
        Assert.True(Spread(Enumerable.Range(0, Keys).Select(i => KeyHash.Of(new byte[8 + (i / 4096)].Append((byte)i).Append((byte)(i >> 8)).ToArray()))) > 0.95);
    }

    [Fact]
    public void NumbersAreSpreadWhateverWasChosen()
    {
        Assert.True(Spread(NumbersThatFallTogether(Keys).Select(n => KeyHash.Of((ulong)n, 0))) > 0.95);
        var whole = new SeededEquality<long>();
        Assert.True(Spread(Enumerable.Range(0, Keys).Select(i => (uint)whole.GetHashCode(((long)i << 32) | (uint)i))) > 0.95);
        var fraction = new SeededEquality<double>();
        Assert.True(Spread(Enumerable.Range(1, Keys).Select(i => (uint)fraction.GetHashCode(BitConverter.Int64BitsToDouble(((long)i << 32) | (uint)i)))) > 0.95);
        Assert.Equal(fraction.GetHashCode(0.0), fraction.GetHashCode(-0.0));
        Assert.Equal(fraction.GetHashCode(double.NaN), fraction.GetHashCode(-double.NaN));
    }

    [Fact]
    public void DictionariesOfSegmentsAreMadeOfThem()
    {
        // Each twice, since a dictionary where hardly anything repeats is given up.
        byte[][] texts = [.. ThatFallTogether(Keys / 5)];
        var builder = (BytesBuilder)ColumnBuilder.For(SqlType.Bytea);
        foreach (byte[] text in texts.Concat(texts))
        {
            builder.Append(text);
        }

        using var profile = new TextProfile((BytesColumn)builder.ToColumn(), [.. Enumerable.Range(0, 2 * texts.Length)]);
        Assert.Equal(texts.Length, profile.Dictionary!.Entries.Count);
        long[] numbers = [.. NumbersThatFallTogether(1000)];
        using IntegerDictionary? integers = IntegerDictionary.Build([.. Enumerable.Repeat(numbers, 5).SelectMany(n => n)]);
        Assert.Equal(numbers.Length, integers!.Entries.Count);
    }

    [Fact]
    public async Task ViewsTablesAndQueriesTakeThem()
    {
        await using Database database = await Database.OpenInMemoryAsync();
        await database.ExecuteAsync("CREATE TABLE keys (k bytea PRIMARY KEY, n bigint); CREATE STREAM rows (k bytea, n bigint); "
            + "CREATE MATERIALIZED VIEW groups AS SELECT k, count(*) AS c, count(DISTINCT n) AS d FROM rows GROUP BY k; "
            + "CREATE MATERIALIZED VIEW pairs AS SELECT r.k FROM rows AS r JOIN keys AS s ON r.k = s.k AND r.n = s.n");
        var builder = new BatchBuilder(new Schema([new Field("k", SqlType.Bytea), new Field("n", SqlType.BigInt)]));
        foreach ((byte[] text, long number) in ThatFallTogether(Keys / 5).Zip(NumbersThatFallTogether(Keys / 5)))
        {
            ((BytesBuilder)builder.Columns[0]).Append(text);
            ((FixedBuilder<long>)builder.Columns[1]).Append(number);
            builder.EndRow();
        }

        Batch batch = builder.ToBatch();
        await database.AppendAsync("keys", batch);
        await database.AppendAsync("rows", batch);
        foreach (string sql in new[] { "SELECT count(*) FROM groups", "SELECT count(*) FROM pairs", "SELECT count(*) FROM keys", "SELECT count(DISTINCT k) FROM rows" })
        {
            StatementResult result = await database.ExecuteAsync(sql);
            Assert.Equal((Keys / 5).ToString(System.Globalization.CultureInfo.InvariantCulture), TextFormat.ToText(result.Batches[0].Columns[0], 0));
        }
    }

    // Different places in a table of 2^20, as a share of what chance would give.
    private static double Spread(IEnumerable<uint> hashes)
    {
        const int Places = 1 << 20;
        int used = hashes.Select(h => h & (Places - 1)).Distinct().Count();
        return used / (Places * (1 - Math.Exp(-Keys / (double)Places)));
    }
}
