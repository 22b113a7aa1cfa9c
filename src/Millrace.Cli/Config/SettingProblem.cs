// What is wrong with a setting: where it stands, why, and what to do.
namespace Millrace.Cli.Config;

/// <summary>One thing that is wrong with the settings.</summary>
/// <param name="Place">Such as <c>--http</c>, <c>MILLRACE_HTTP</c> or <c>millrace.json, line 3</c>.</param>
/// <param name="Cause">What is wrong there.</param>
/// <param name="Fix">What to do.</param>
/// <param name="IsFatal">True when no server starts with it; false when one starts and is less safe than it looks.</param>
internal sealed record SettingProblem(string Place, string Cause, string Fix, bool IsFatal = true)
{
    /// <summary>All of it as one line.</summary>
    public override string ToString() => $"{Place}: {Cause}; {Fix}";
}
