// Always-on assertions: a failed one is a bug of ours, never of the user.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Millrace.Core;

/// <summary>Assertions that stay on in Release builds; a failure throws <see cref="BugException"/> whose message starts with <c>BUG:</c>.</summary>
public static class Check
{
    /// <summary>Throws when <paramref name="condition"/> does not hold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void That([DoesNotReturnIf(false)] bool condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        if (!condition)
        {
            Fail(what);
        }
    }

    /// <summary>Throws unconditionally: control reached a place it never should.</summary>
    /// <exception cref="BugException">Always.</exception>
    [DoesNotReturn]
    public static void Fail(string what) => throw new BugException("BUG: " + what);
}

/// <summary>An internal invariant was broken: a bug in Millrace, to be reported with its message.</summary>
public sealed class BugException(string message) : Exception(message);
