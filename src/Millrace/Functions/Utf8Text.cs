// Counting and walking the characters of UTF-8 text.
using System.Text;
using Millrace.Core;

namespace Millrace.Engine;

/// <summary>Character arithmetic on UTF-8.</summary>
internal static class Utf8Text
{
    /// <summary>Characters in a text.</summary>
    public static int Count(ReadOnlySpan<byte> s)
    {
        int count = 0;
        foreach (byte b in s)
        {
            count += (b & 0xC0) != 0x80 ? 1 : 0;
        }

        return count;
    }

    /// <summary>The byte offset of character <paramref name="index"/>; the length when there are fewer.</summary>
    public static int Offset(ReadOnlySpan<byte> s, int index)
    {
        if (index <= 0)
        {
            return 0;
        }

        int count = 0;
        for (int i = 0; i < s.Length; i++)
        {
            if ((s[i] & 0xC0) != 0x80 && count++ == index)
            {
                return i;
            }
        }

        return s.Length;
    }

    /// <summary>Bytes of the character that starts with <paramref name="first"/>.</summary>
    public static int Width(byte first) => first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    /// <summary>The text in upper or lower case, character by character.</summary>
    public static ByteSlice ChangeCase(ByteSlice text, bool upper, EvalContext context)
    {
        ReadOnlySpan<byte> s = text.Span;
        if (System.Text.Ascii.IsValid(s))
        {
            ByteSlice room = context.Scratch.Take(s.Length);
            Span<byte> to = room.Room();
            _ = upper ? System.Text.Ascii.ToUpper(s, to, out _) : System.Text.Ascii.ToLower(s, to, out _);
            return room;
        }

        ByteWriter writer = context.Scratch.Begin();
        while (!s.IsEmpty)
        {
            Rune.DecodeFromUtf8(s, out Rune rune, out int used);
            Append(writer, upper ? Rune.ToUpperInvariant(rune) : Rune.ToLowerInvariant(rune));
            s = s[used..];
        }

        return context.Scratch.End();
    }

    /// <summary>Appends a character.</summary>
    public static void Append(ByteWriter writer, Rune rune)
    {
        Span<byte> to = writer.Take(4);
        writer.TruncateTo(writer.Length - 4 + rune.EncodeToUtf8(to));
    }
}
