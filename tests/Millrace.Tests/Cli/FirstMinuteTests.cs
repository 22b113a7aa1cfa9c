// From nothing to the first number that changes: three commands, as a newcomer types them. What they print is looked at, not how long it takes.
using System.Text.RegularExpressions;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed partial class FirstMinuteTests
{
    [Fact]
    public async Task ThreeCommandsLeadToANumberThatChanges()
    {
        using var folder = new TempFolder();
        using var server = new CliProcess(["serve", "--data", folder["millrace-data"], "--pg", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
        string address = (await server.ReadyAsync())["pg"];

        (int code, _, string error) = await CliProcess.RunAsync("sql", address, "-c", "CREATE STREAM visits WITH (generator = 'random', rate = 20)");
        Assert.True(code == 0, error);

        using var follower = new CliProcess(["sql", address, "--format", "csv", "-c", "SUBSCRIBE (SELECT count(*) AS n FROM visits)"]);
        follower.In.Close();
        var seen = new HashSet<string>();
        while (seen.Count < 3)
        {
            foreach (Match row in Row().Matches(follower.Out))
            {
                seen.Add(row.Groups[1].Value);
            }

            Assert.False(follower.HasEnded, follower.Error);
            await Task.Delay(20);
        }
    }

    // epoch, weight, n: where a row comes in.
    [GeneratedRegex(@"^[0-9]+,1,([0-9]+)\r?$", RegexOptions.Multiline)]
    private static partial Regex Row();
}
