// From a regular expression to a program over bytes; what it does not know, it leaves to .NET's engine.
using System.Text.RegularExpressions;

namespace Millrace.Engine;

/// <summary>
/// Reads .NET's syntax: characters, classes, groups, alternatives, repetitions greedy and lazy, the anchors ^ \A \z \b \B. Programs run over ASCII texts only,
/// so that a class is a set of 128 bits and a character one byte.
/// </summary>
internal sealed class PatternCompiler
{
    private const int StepsMax = 400;
    private const int RepeatMax = 64;

    private readonly string _pattern;
    private readonly bool _ignoreCase;
    private readonly List<PatternStep> _steps = [];
    private int _at;
    private int _groups = 1;

    // A part of the pattern, before it is known what comes behind it.
    private abstract record Part(bool MayBeEmpty);

    private sealed record SetPart(UInt128 Set) : Part(false);

    private sealed record AnchorPart(PatternOp Op) : Part(true);

    private sealed record SequencePart(IReadOnlyList<Part> Parts) : Part(Parts.All(p => p.MayBeEmpty));

    private sealed record ChoicePart(IReadOnlyList<Part> Parts) : Part(Parts.Any(p => p.MayBeEmpty));

    private sealed record GroupPart(int Number, Part Inner) : Part(Inner.MayBeEmpty);

    private sealed record RepeatPart(Part Inner, int Min, int Max, bool Lazy) : Part(Min == 0 || Inner.MayBeEmpty);

    private sealed class UnknownException : Exception;

    private PatternCompiler(string pattern, bool ignoreCase)
    {
        _pattern = pattern;
        _ignoreCase = ignoreCase;
    }

    /// <summary>The program, or null when the pattern has something that is not known here.</summary>
    public static PatternProgram? TryCompile(string pattern, RegexOptions options)
    {
        const RegexOptions known = RegexOptions.IgnoreCase | RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Singleline;
        if ((options & ~known) != 0 || (options & RegexOptions.Singleline) == 0)
        {
            return null;
        }

        var compiler = new PatternCompiler(pattern, (options & RegexOptions.IgnoreCase) != 0);
        try
        {
            Part whole = compiler.Choice();
            if (compiler._at < pattern.Length)
            {
                return null;
            }

            // Steps are laid out from the end: each knows the one behind it.
            int begin = compiler.Emit(whole, compiler.Add(new PatternStep(PatternOp.Match, 0, 0, 0, 0)));
            return new PatternProgram(compiler.InOrder(begin), compiler._groups);
        }
        catch (UnknownException)
        {
            return null;
        }
    }

    private Part Choice()
    {
        var choices = new List<Part> { Sequence() };
        while (Take('|'))
        {
            choices.Add(Sequence());
        }

        return choices.Count == 1 ? choices[0] : new ChoicePart(choices);
    }

    private SequencePart Sequence()
    {
        var parts = new List<Part>();
        while (_at < _pattern.Length && _pattern[_at] is not ('|' or ')'))
        {
            Part part = Atom();
            while (_at < _pattern.Length && _pattern[_at] is '*' or '+' or '?' or '{')
            {
                part = Repeated(part);
            }

            parts.Add(part);
        }

        return new SequencePart(parts);
    }

    private Part Atom()
    {
        char c = _pattern[_at++];
        switch (c)
        {
            case '(':
                bool captures = !Take('?');
                if (!captures && !Take(':'))
                {
                    throw new UnknownException();
                }

                int number = captures ? _groups++ : 0;
                Part inner = Choice();
                Expect(')');
                return captures ? new GroupPart(number, inner) : inner;
            case '[':
                return new SetPart(Class());
            case '.':
                return new SetPart(UInt128.MaxValue);
            case '^':
                return new AnchorPart(PatternOp.Begin);
            case '\\':
                return Escaped();
            case '$' or '*' or '+' or '?' or '{' or '}' or ']':
                throw new UnknownException();
            default:
                return new SetPart(One(c));
        }
    }

    private Part Escaped()
    {
        char c = Next();
        return c switch
        {
            'A' => new AnchorPart(PatternOp.Begin),
            'z' => new AnchorPart(PatternOp.End),
            'b' => new AnchorPart(PatternOp.Border),
            'B' => new AnchorPart(PatternOp.NoBorder),
            _ => new SetPart(EscapedSet(c)),
        };
    }

    private UInt128 EscapedSet(char c) => c switch
    {
        'd' => Range('0', '9'),
        'D' => ~Range('0', '9'),
        'w' => Word,
        'W' => ~Word,
        's' => Range('\t', '\r') | Bit(' '),
        'S' => ~(Range('\t', '\r') | Bit(' ')),
        'n' => Bit('\n'),
        't' => Bit('\t'),
        'r' => Bit('\r'),
        'p' => Category(),
        _ when !char.IsAsciiLetterOrDigit(c) => One(c),
        _ => throw new UnknownException(),
    };

    private UInt128 Category()
    {
        int end = _pattern.IndexOf('}', _at);
        string name = end < 0 ? "" : _pattern[_at..(end + 1)];
        _at += name.Length;
        return name switch
        {
            "{L}" => Range('a', 'z') | Range('A', 'Z'),
            "{Lu}" when !_ignoreCase => Range('A', 'Z'),
            "{Ll}" when !_ignoreCase => Range('a', 'z'),
            _ => throw new UnknownException(),
        };
    }

    private UInt128 Class()
    {
        bool inverted = Take('^');
        UInt128 set = 0;
        while (!Take(']'))
        {
            char c = Next();
            if (c == '[' || (c == '-' && _pattern[_at - 2] is not ('[' or '^') && _at < _pattern.Length && _pattern[_at] != ']'))
            {
                throw new UnknownException();
            }

            bool escaped = c == '\\';
            UInt128 part = escaped ? EscapedSet(c = Next()) : One(c);
            if (_at + 1 < _pattern.Length && _pattern[_at] == '-' && _pattern[_at + 1] != ']')
            {
                _at++;
                char last = Next();
                if (last is '\\' or '[' || (escaped && char.IsAsciiLetterOrDigit(c)) || last < c)
                {
                    throw new UnknownException();
                }

                part = 0;
                for (char each = c; each <= last; each++)
                {
                    part |= One(each);
                }
            }

            set |= part;
        }

        return inverted ? ~set : set;
    }

    private RepeatPart Repeated(Part part)
    {
        (int min, int max) = _pattern[_at++] switch
        {
            '*' => (0, int.MaxValue),
            '+' => (1, int.MaxValue),
            '?' => (0, 1),
            _ => Bounds(),
        };
        bool lazy = Take('?');

        // How often an empty part is taken, and what its groups then hold, is a science of its own.
        if (part.MayBeEmpty || (_at < _pattern.Length && _pattern[_at] == '+'))
        {
            throw new UnknownException();
        }

        return new RepeatPart(part, min, max, lazy);
    }

    private (int Min, int Max) Bounds()
    {
        int min = Number();
        int max = min;
        if (Take(','))
        {
            max = _at < _pattern.Length && _pattern[_at] == '}' ? int.MaxValue : Number();
        }

        Expect('}');
        return min <= max && min <= RepeatMax && (max <= RepeatMax || max == int.MaxValue) ? (min, max) : throw new UnknownException();
    }

    private int Number()
    {
        int start = _at;
        int value = 0;
        while (_at < _pattern.Length && char.IsAsciiDigit(_pattern[_at]) && _at - start < 4)
        {
            value = (value * 10) + (_pattern[_at++] - '0');
        }

        return _at > start ? value : throw new UnknownException();
    }

    // Emits a part in front of the step `then` and gives its first step.
    private int Emit(Part part, int then)
    {
        switch (part)
        {
            case SetPart p:
                return Add(new PatternStep(PatternOp.Set, then, 0, (ulong)p.Set, (ulong)(p.Set >> 64)));
            case AnchorPart p:
                return Add(new PatternStep(p.Op, then, 0, 0, 0));
            case GroupPart p:
                int close = Add(new PatternStep(PatternOp.Save, then, (p.Number * 2) + 1, 0, 0));
                return Add(new PatternStep(PatternOp.Save, Emit(p.Inner, close), p.Number * 2, 0, 0));
            case SequencePart p:
                return p.Parts.Reverse().Aggregate(then, (behind, each) => Emit(each, behind));
            case ChoicePart p:
                int last = Emit(p.Parts[^1], then);
                return p.Parts.Reverse().Skip(1).Aggregate(last, (other, each) => Add(new PatternStep(PatternOp.Split, Emit(each, then), other, 0, 0)));
            default:
                return Repeat((RepeatPart)part, then);
        }
    }

    private int Repeat(RepeatPart part, int then)
    {
        int next = then;
        if (part.Max == int.MaxValue)
        {
            int loop = Add(default);
            _steps[loop] = Split(Emit(part.Inner, loop), then, part.Lazy);
            next = loop;
        }
        else
        {
            for (int i = part.Min; i < part.Max; i++)
            {
                next = Add(Split(Emit(part.Inner, next), then, part.Lazy));
            }
        }

        for (int i = 0; i < part.Min; i++)
        {
            next = Emit(part.Inner, next);
        }

        return next;
    }

    private static PatternStep Split(int inner, int then, bool lazy) =>
        new(PatternOp.Split, lazy ? then : inner, lazy ? inner : then, 0, 0);

    // The first step becomes number 0.
    private PatternStep[] InOrder(int begin)
    {
        int Renamed(int step) => step == begin ? 0 : step == 0 ? begin : step;
        PatternStep[] steps = [.. _steps];
        (steps[0], steps[begin]) = (steps[begin], steps[0]);
        for (int i = 0; i < steps.Length; i++)
        {
            PatternStep s = steps[i];
            steps[i] = s with { Next = Renamed(s.Next), Other = s.Op == PatternOp.Split ? Renamed(s.Other) : s.Other };
        }

        return steps;
    }

    private int Add(PatternStep step)
    {
        if (_steps.Count == StepsMax)
        {
            throw new UnknownException();
        }

        _steps.Add(step);
        return _steps.Count - 1;
    }

    private UInt128 One(char c)
    {
        if (c >= 128)
        {
            throw new UnknownException();
        }

        return _ignoreCase && char.IsAsciiLetter(c) ? Bit(char.ToLowerInvariant(c)) | Bit(char.ToUpperInvariant(c)) : Bit(c);
    }

    private static UInt128 Word => Range('a', 'z') | Range('A', 'Z') | Range('0', '9') | Bit('_');

    private static UInt128 Bit(char c) => UInt128.One << c;

    private static UInt128 Range(char first, char last)
    {
        UInt128 set = 0;
        for (char c = first; c <= last; c++)
        {
            set |= Bit(c);
        }

        return set;
    }

    private bool Take(char c)
    {
        if (_at < _pattern.Length && _pattern[_at] == c)
        {
            _at++;
            return true;
        }

        return false;
    }

    private void Expect(char c)
    {
        if (!Take(c))
        {
            throw new UnknownException();
        }
    }

    private char Next() => _at < _pattern.Length ? _pattern[_at++] : throw new UnknownException();
}
