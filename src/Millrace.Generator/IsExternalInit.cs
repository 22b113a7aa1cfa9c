// What records need and .NET Standard 2.0 does not have.
namespace System.Runtime.CompilerServices;

/// <summary>Lets init accessors compile.</summary>
internal static class IsExternalInit
{
}
