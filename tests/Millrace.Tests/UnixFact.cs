// Tests that need something of the machine, skipped with the reason where it is missing.
using Xunit;

namespace Millrace.Tests;

/// <summary>A test of what only Unix has.</summary>
public sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? "needs a Unix system" : null;
}

/// <summary>A test that looks at what Linux tells of its sockets.</summary>
public sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute() => Skip = OperatingSystem.IsLinux() ? null : "needs Linux";
}

/// <summary>A test that fails system calls with strace.</summary>
public sealed class StraceTheoryAttribute : TheoryAttribute
{
    public StraceTheoryAttribute() => Skip = StraceFactAttribute.Missing;
}

/// <summary>A test that fails system calls with strace.</summary>
public sealed class StraceFactAttribute : FactAttribute
{
    public StraceFactAttribute() => Skip = Missing;

    internal static string? Missing => OperatingSystem.IsLinux() && File.Exists("/usr/bin/strace") ? null : "strace is not installed (apt-get install strace)";
}
