// A regular expression over ASCII bytes as a small program, run in time bounded by its length times the text's.
using System.Buffers;
using System.Text;

namespace Millrace.Engine;

/// <summary>What an instruction does.</summary>
internal enum PatternOp : byte
{
    /// <summary>One byte of the set.</summary>
    Set,
    /// <summary>Goes on at Next, and if that fails at Other.</summary>
    Split,
    /// <summary>Notes the place as register Other.</summary>
    Save,
    /// <summary>At the beginning of the text.</summary>
    Begin,
    /// <summary>At its end.</summary>
    End,
    /// <summary>Between a character of a word and one that is none.</summary>
    Border,
    /// <summary>Anywhere else.</summary>
    NoBorder,
    /// <summary>Found.</summary>
    Match,
}

/// <summary>An instruction; <paramref name="Low"/> and <paramref name="High"/> are the set's bits.</summary>
internal readonly record struct PatternStep(PatternOp Op, int Next, int Other, ulong Low, ulong High)
{
    /// <summary>True when the set has the byte.</summary>
    public bool Has(byte b) => b < 128 && ((b < 64 ? Low : High) >> (b & 63) & 1) != 0;
}

/// <summary>
/// Tries the ways through the program in order of preference, as a backtracking engine does, and never the same place of program and text twice (Cox, "Regular
/// Expression Matching: the Virtual Machine Approach", 2009): what failed once fails again. So the first match and its groups are those of backtracking.
/// </summary>
internal sealed class PatternProgram
{
    private const int PlacesMax = 1 << 18; // instructions × text: beyond it the marks would cost more than they save

    [ThreadStatic]
    private static ulong[]? s_tried;

    [ThreadStatic]
    private static (int Step, int At, int Register)[]? s_stack;

    private readonly PatternStep[] _steps;
    private readonly SearchValues<byte>? _starts; // bytes that a match may begin with behind the text's beginning; null for any and none
    private readonly SearchValues<byte>? _firsts; // likewise at the beginning
    private readonly bool _beginOnly;

    public PatternProgram(PatternStep[] steps, int groups)
    {
        _steps = steps;
        Groups = groups;
        _starts = Starts(atBegin: false, out bool none);
        _firsts = Starts(atBegin: true, out _);
        _beginOnly = none;
    }

    /// <summary>Groups, the whole match among them.</summary>
    public int Groups { get; }

    /// <summary>True when the program may be run over the text.</summary>
    public bool Takes(ReadOnlySpan<byte> text) => (long)_steps.Length * (text.Length + 1) <= PlacesMax && Ascii.IsValid(text);

    /// <summary>Finds the first match; fills <paramref name="groups"/>, when given, with pairs of first byte and end.</summary>
    public bool Match(ReadOnlySpan<byte> text, int[]? groups)
    {
        int words = ((_steps.Length * (text.Length + 1)) + 63) >> 6;
        if (s_tried is null || s_tried.Length < words)
        {
            s_tried = new ulong[Math.Max(words, 256)];
            s_stack = new (int, int, int)[256];
        }

        bool cleared = false;
        for (int start = 0; start <= text.Length; start++)
        {
            if (start > 0 && _beginOnly)
            {
                return false;
            }

            if (start > 0 && _starts is not null)
            {
                int next = text[start..].IndexOfAny(_starts);
                if (next < 0)
                {
                    return false;
                }

                start += next;
            }
            else if (start == 0 && _firsts is not null && (text.IsEmpty || !_firsts.Contains(text[0])))
            {
                continue;
            }

            if (!cleared)
            {
                s_tried.AsSpan(0, words).Clear();
                cleared = true;
            }

            if (groups is not null)
            {
                groups.AsSpan(0, Groups * 2).Fill(-1);
                groups[0] = start;
            }

            if (Run(text, start, groups))
            {
                return true;
            }
        }

        return false;
    }

    private bool Run(ReadOnlySpan<byte> text, int start, int[]? groups)
    {
        ulong[] tried = s_tried!;
        int depth = 0;
        Push(ref depth, 0, start, -1);
        while (depth > 0)
        {
            (int step, int at, int register) = s_stack![--depth];
            if (register >= 0)
            {
                // The way behind this failed: the register is as it was.
                groups![register] = at;
                continue;
            }

            while (true)
            {
                int place = (step * (text.Length + 1)) + at;
                if ((tried[place >> 6] >> (place & 63) & 1) != 0)
                {
                    break;
                }

                tried[place >> 6] |= 1UL << (place & 63);
                ref readonly PatternStep s = ref _steps[step];
                bool on = true;
                switch (s.Op)
                {
                    case PatternOp.Set:
                        on = at < text.Length && s.Has(text[at]);
                        at++;
                        break;
                    case PatternOp.Split:
                        Push(ref depth, s.Other, at, -1);
                        break;
                    case PatternOp.Save when groups is not null:
                        Push(ref depth, 0, groups[s.Other], s.Other);
                        groups[s.Other] = at;
                        break;
                    case PatternOp.Save:
                        break;
                    case PatternOp.Begin:
                        on = at == 0;
                        break;
                    case PatternOp.End:
                        on = at == text.Length;
                        break;
                    case PatternOp.Border or PatternOp.NoBorder:
                        on = (IsWord(text, at - 1) != IsWord(text, at)) == (s.Op == PatternOp.Border);
                        break;
                    default:
                        if (groups is not null)
                        {
                            groups[1] = at;
                        }

                        return true;
                }

                if (!on)
                {
                    break;
                }

                step = s.Next;
            }
        }

        return false;
    }

    private static void Push(ref int depth, int step, int at, int register)
    {
        if (depth == s_stack!.Length)
        {
            Array.Resize(ref s_stack, depth * 2);
        }

        s_stack[depth++] = (step, at, register);
    }

    private SearchValues<byte>? Starts(bool atBegin, out bool none)
    {
        bool empty = CanStart(0, null, atBegin, []);
        byte[] starts = [.. Enumerable.Range(0, 128).Select(b => (byte)b).Where(b => CanStart(0, b, atBegin, []))];
        none = !empty && starts.Length == 0;
        return empty ? null : SearchValues.Create(starts);
    }

    // Whether a match can begin with the byte, or for null with none at all.
    private bool CanStart(int step, byte? first, bool atBegin, HashSet<int> seen)
    {
        if (!seen.Add(step))
        {
            return false;
        }

        PatternStep s = _steps[step];
        return s.Op switch
        {
            PatternOp.Set => first is { } b && s.Has(b),
            PatternOp.Match => first is null,
            PatternOp.Begin => atBegin && CanStart(s.Next, first, atBegin, seen),
            PatternOp.End => first is null && CanStart(s.Next, first, atBegin, seen),
            PatternOp.Split => CanStart(s.Next, first, atBegin, seen) || CanStart(s.Other, first, atBegin, seen),
            _ => CanStart(s.Next, first, atBegin, seen),
        };
    }

    private static bool IsWord(ReadOnlySpan<byte> text, int at) =>
        (uint)at < (uint)text.Length && (char.IsAsciiLetterOrDigit((char)text[at]) || text[at] == (byte)'_');
}
