// The texts of Nexmark's events, written into columns without a string in between.
using System.Numerics;
using System.Text;
using Millrace.Core;

namespace Millrace.Generators.Nexmark;

/// <summary>Draws the texts of Nexmark's events; each method returns the number of bytes it appended.</summary>
internal static class NexmarkText
{
    private const int ColdChannels = 10_000;

    internal static readonly byte[][] States = Words("AZ,CA,ID,OR,WA,WY");
    internal static readonly byte[][] Cities =
        Words("Phoenix,Los Angeles,San Francisco,Boise,Portland,Bend,Redmond,Seattle,Kent,Cheyenne");

    private static readonly byte[][] FirstNames = Words("Peter,Paul,Luke,John,Saul,Vicky,Kate,Julie,Sarah,Deiter,Walter");
    private static readonly byte[][] LastNames = Words("Shultz,Abrams,Spencer,White,Bartels,Walton,Smith,Jones,Noris");
    private static readonly byte[][] HotChannels = Words("Google,Facebook,Baidu,Apple");
    private static readonly byte[][] HotUrls = HotChannels.Select((_, i) => Url(i, hot: true)).ToArray();
    private static readonly byte[][] ColdNames = Enumerable.Range(0, ColdChannels).Select(i => Encoding.UTF8.GetBytes($"channel-{i}")).ToArray();
    private static readonly byte[][] ColdUrls = Enumerable.Range(0, ColdChannels).Select(i => Url(i, hot: false)).ToArray();

    public static int AppendOneOf(ref JavaRandom random, byte[][] words, BytesBuilder to)
    {
        byte[] word = words[random.NextInt(words.Length)];
        to.Append(word);
        return word.Length;
    }

    public static int AppendName(ref JavaRandom random, BytesBuilder to)
    {
        byte[] first = FirstNames[random.NextInt(FirstNames.Length)];
        byte[] last = LastNames[random.NextInt(LastNames.Length)];
        Span<byte> span = to.Reserve(first.Length + 1 + last.Length);
        first.CopyTo(span);
        span[first.Length] = (byte)' ';
        last.CopyTo(span[(first.Length + 1)..]);
        to.Commit(span.Length);
        return span.Length;
    }

    public static int AppendEmail(ref JavaRandom random, BytesBuilder to)
    {
        Span<byte> span = to.Reserve(32);
        int length = Text(ref random, span, 7, (byte)' ');
        span[length++] = (byte)'@';
        length += Text(ref random, span[length..], 5, (byte)' ');
        ".com"u8.CopyTo(span[length..]);
        to.Commit(length + 4);
        return length + 4;
    }

    public static int AppendCreditCard(ref JavaRandom random, BytesBuilder to)
    {
        Span<byte> span = to.Reserve(19);
        for (int group = 0; group < 4; group++)
        {
            int digits = random.NextInt(10_000);
            Span<byte> four = span.Slice(group * 5, 4);
            for (int i = 3; i >= 0; i--, digits /= 10)
            {
                four[i] = (byte)('0' + (digits % 10));
            }

            if (group < 3)
            {
                span[(group * 5) + 4] = (byte)' ';
            }
        }

        to.Commit(19);
        return 19;
    }

    public static int AppendText(ref JavaRandom random, BytesBuilder to, int max)
    {
        int length = Text(ref random, to.Reserve(max), max, (byte)' ');
        to.Commit(length);
        return length;
    }

    public static void AppendChannel(ref JavaRandom random, BytesBuilder channel, BytesBuilder url)
    {
        if (random.NextInt(2) > 0)
        {
            int hot = random.NextInt(HotChannels.Length);
            channel.Append(HotChannels[hot]);
            url.Append(HotUrls[hot]);
        }
        else
        {
            int cold = random.NextInt(ColdChannels);
            channel.Append(ColdNames[cold]);
            url.Append(ColdUrls[cold]);
        }
    }

    /// <summary>Pads an event of <paramref name="size"/> bytes to <paramref name="average"/> bytes, give or take a fifth.</summary>
    public static void AppendExtra(ref JavaRandom random, BytesBuilder to, int size, int average)
    {
        int wanted = Math.Max(average - size, 0);
        int delta = (int)Math.Floor((wanted * 0.2) + 0.5);
        int length = wanted - delta + (delta == 0 ? 0 : random.NextInt(2 * delta));
        Span<byte> span = to.Reserve(length);
        for (int i = 0; i < length;)
        {
            // Six letters from one draw, its sign bit cleared.
            uint draw = (uint)random.NextInt() & int.MaxValue;
            for (int end = Math.Min(i + 6, length); i < end; i++)
            {
                uint rest = draw / 26;
                span[i] = (byte)('a' + (draw - (rest * 26)));
                draw = rest;
            }
        }

        to.Commit(length);
    }

    // Three to max - 1 characters, one in thirteen the filler, then trimmed.
    private static int Text(ref JavaRandom random, Span<byte> to, int max, byte filler)
    {
        int length = 3 + random.NextInt(max - 3);
        for (int i = 0; i < length; i++)
        {
            to[i] = random.NextInt(13) == 0 ? filler : (byte)('a' + random.NextInt(26));
        }

        int start = 0;
        while (start < length && to[start] == ' ')
        {
            start++;
        }

        while (length > start && to[length - 1] == ' ')
        {
            length--;
        }

        to[start..length].CopyTo(to);
        return length - start;
    }

    private static byte[] Url(int channel, bool hot)
    {
        var random = new JavaRandom(hot ? -1 - channel : channel);
        Span<byte> part = stackalloc byte[5];
        var url = new StringBuilder("https://www.nexmark.com");
        for (int i = 0; i < 3; i++)
        {
            url.Append('/').Append(Encoding.ASCII.GetString(part[..Text(ref random, part, 5, (byte)'_')]));
        }

        url.Append("/item.htm?query=1");
        if (!hot && random.NextInt(10) > 0)
        {
            url.Append("&channel_id=").Append(Math.Abs((long)(int)Reverse((uint)channel)));
        }

        return Encoding.ASCII.GetBytes(url.ToString());
    }

    private static uint Reverse(uint bits)
    {
        bits = ((bits >> 1) & 0x5555_5555) | ((bits & 0x5555_5555) << 1);
        bits = ((bits >> 2) & 0x3333_3333) | ((bits & 0x3333_3333) << 2);
        bits = ((bits >> 4) & 0x0F0F_0F0F) | ((bits & 0x0F0F_0F0F) << 4);
        return BitOperations.RotateLeft((bits >> 8) & 0x00FF_00FF | ((bits & 0x00FF_00FF) << 8), 16);
    }

    private static byte[][] Words(string words) => words.Split(',').Select(Encoding.UTF8.GetBytes).ToArray();
}
