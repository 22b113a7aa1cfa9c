// What every codec has: an id on disk, a name, and the paper or specification it follows.
using Millrace.Core;

namespace Millrace.Store.Codecs;

/// <summary>A way to lay values out as bytes.</summary>
/// <param name="id">The byte on disk; given once, in <see cref="CodecTable"/>, and never changed.</param>
/// <param name="name">The name that <c>inspect</c> shows.</param>
internal abstract class Codec(byte id, string name)
{
    /// <summary>The byte on disk.</summary>
    public byte Id { get; } = id;

    /// <summary>The name that <c>inspect</c> shows.</summary>
    public string Name { get; } = name;

    /// <summary>The name, with those of the codecs inside, read from what stands behind the id.</summary>
    public virtual string Describe(ref ByteReader reader) => Name;
}

/// <summary>The only way there is to lay out a type, as that of a uuid: it has an id so that there can be another way one day.</summary>
internal sealed class LayoutCodec(byte id, string name, LayoutCodec.Details? details = null) : Codec(id, name)
{
    /// <summary>Says more of what stands behind the id.</summary>
    public delegate string Details(ref ByteReader reader);

    public override string Describe(ref ByteReader reader) => Name + details?.Invoke(ref reader);
}

/// <summary>A codec of 64-bit integers. It writes and reads what stands behind its id.</summary>
internal abstract class IntegerCodec(byte id, string name) : Codec(id, name)
{
    /// <summary>How many bits the values would take, headers included; <see cref="double.PositiveInfinity"/> when the codec does not fit.</summary>
    /// <param name="profile">The values and what is known of them.</param>
    /// <param name="depth">How many codecs may still stand inside this one.</param>
    public abstract double Estimate(IntegerProfile profile, int depth);

    /// <summary>Appends the values; only called after <see cref="Estimate"/> gave a finite figure for the same profile.</summary>
    public abstract void Encode(IntegerProfile profile, ByteWriter writer, int depth);

    /// <summary>Reads exactly <paramref name="into"/>.Length values, at least one.</summary>
    /// <exception cref="FormatException">The bytes hold something else.</exception>
    public abstract void Decode(ref ByteReader reader, Span<long> into, int depth);
}

/// <summary>A codec of IEEE 754 numbers, seen as bit patterns: all 64 bits of a double, or a float's 32 in the lower half.</summary>
internal abstract class FloatCodec(byte id, string name) : Codec(id, name)
{
    /// <summary>How many bits the values would take; <see cref="double.PositiveInfinity"/> when the codec does not fit.</summary>
    public abstract double Estimate(FloatProfile profile);

    /// <summary>Appends the values; only called after <see cref="Estimate"/> gave a finite figure for the same profile.</summary>
    public abstract void Encode(FloatProfile profile, ByteWriter writer);

    /// <summary>Reads exactly <paramref name="into"/>.Length bit patterns, at least one.</summary>
    /// <exception cref="FormatException">The bytes hold something else.</exception>
    public abstract void Decode(ref ByteReader reader, bool single, Span<long> into);
}

/// <summary>A codec of byte strings.</summary>
internal abstract class TextCodec(byte id, string name) : Codec(id, name)
{
    /// <summary>How many bits the values would take; <see cref="double.PositiveInfinity"/> when the codec does not fit.</summary>
    public abstract double Estimate(TextProfile profile);

    /// <summary>Appends the values; only called after <see cref="Estimate"/> gave a finite figure for the same profile.</summary>
    public abstract void Encode(TextProfile profile, ByteWriter writer);

    /// <summary>Reads <paramref name="lengths"/>.Length values, at least one: their lengths, and their bytes into room that <paramref name="into"/> lends.</summary>
    /// <exception cref="FormatException">The bytes hold something else.</exception>
    public abstract void Decode(ref ByteReader reader, Span<int> lengths, BytesBuilder into);
}
