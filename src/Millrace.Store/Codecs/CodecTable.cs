// The codecs and their ids on disk, in one table: a row is added, never changed or removed.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>All codecs by id.</summary>
internal static class CodecTable
{
    public static readonly ConstantCodec Constant = new(1, "constant");
    public static readonly DictionaryTextCodec DictionaryText = new(65, "dictionary");

    public static readonly IntegerCodec[] Integers =
    [
        Constant,
        new PackedCodec(2, "packed"),
        new DeltaCodec(3, "delta"),
        new RunsCodec(4, "runs"),
        new EntropyCodec(5, "entropy"),
        new MultiplesCodec(6, "multiples"),
        new DictionaryIntegerCodec(7, "dictionary"),
    ];

    public static readonly FloatCodec[] Floats =
    [
        new DecimalFloatCodec(33, "alp"),
        new FloatBitsCodec(32, "bits"),
        new XorFloatCodec(34, "xor"),
    ];

    public static readonly TextCodec[] Texts =
    [
        new PlainTextCodec(64, "plain"),
        DictionaryText,
        new BrotliTextCodec(66, "brotli"),
    ];

    public static readonly LayoutCodec Bits = new(96, "bits");
    public static readonly LayoutCodec Aligned = new(97, "aligned", NumericBlock.Describe);
    public static readonly LayoutCodec Wide = new(98, "wide");
    public static readonly LayoutCodec Interval = new(99, "interval");
    public static readonly LayoutCodec Uuid = new(100, "uuid");
    public static readonly LayoutCodec Array = new(101, "array");
    public static readonly LayoutCodec Row = new(102, "row");

    private static readonly Codec?[] ById = Index();

    /// <summary>The codec <paramref name="id"/> of family <typeparamref name="T"/>.</summary>
    /// <exception cref="FormatException">There is none.</exception>
    public static T Get<T>(byte id)
        where T : Codec => ById[id] as T ?? throw new FormatException($"unknown {typeof(T).Name} {id}");

    /// <summary>Every codec.</summary>
    public static IEnumerable<Codec> All => [.. Integers, .. Floats, .. Texts, Bits, Aligned, Wide, Interval, Uuid, Array, Row];

    /// <summary>Reads an id that must be that of <paramref name="codec"/>.</summary>
    /// <exception cref="FormatException">It is another.</exception>
    public static void Expect(ref ByteReader reader, Codec codec)
    {
        byte found = reader.ReadByte();
        if (found != codec.Id)
        {
            throw new FormatException($"codec {codec.Id} ({codec.Name}) expected, {found} found");
        }
    }

    private static Codec?[] Index()
    {
        var table = new Codec?[256];
        foreach (Codec codec in All)
        {
            Check.That(table[codec.Id] is null, "two codecs of one id");
            table[codec.Id] = codec;
        }

        return table;
    }
}
