// T34 of the reliability catalogue: what is stored is shown as text, as the dashboard has no way to make markup of it.
using System.Text.RegularExpressions;
using Xunit;

namespace Millrace.Tests.Tidy;

public partial class TidyTests
{
    [Fact]
    public void TheDashboardNeverMakesMarkupOrCodeOfText()
    {
        string folder = Path.Combine(Root, "src/Millrace.Doors/Dashboard/web/src");
        string[] sources = [.. Directory.GetFiles(folder, "*.ts*", SearchOption.AllDirectories)];
        Assert.NotEmpty(sources);
        Assert.DoesNotContain(sources, f => MakesMarkup().IsMatch(File.ReadAllText(f)));
    }

    [GeneratedRegex(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc|createContextualFragment|\beval\(|new Function\(", RegexOptions.CultureInvariant)]
    private static partial Regex MakesMarkup();
}
