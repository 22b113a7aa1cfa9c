// millrace config: what is wrong with the settings a server would start with, and what they are.
using System.CommandLine;

namespace Millrace.Cli.Config;

/// <summary><c>config check</c> tells everything that is wrong at once; <c>config show</c> tells what counts and who said so. Both start nothing.</summary>
internal static class ConfigVerb
{
    private const string DataDefault = "millrace-data";

    public static Command Command(IReadOnlyList<DoorSetting> doors) => new("config", "Look at the settings that a server would start with")
    {
        Check(doors),
        Show(doors),
    };

    private static Command Check(IReadOnlyList<DoorSetting> doors)
    {
        var command = new Command("check", "Tell everything that is wrong with the settings; exit code 0: a server would start with them, 2: it would not");
        var file = new Argument<string?>("FILE") { Description = "The configuration file (default: --config, MILLRACE_CONFIG, none)", Arity = ArgumentArity.ZeroOrOne };
        var strict = new Option<bool>("--strict") { Description = "Warnings fail too, with exit code 1" };
        command.Add(file);
        command.Add(strict);
        var reader = new SettingsReader(command, doors);
        command.SetAction((parsed, _) => Task.FromResult(Tell(reader.Find(parsed, DataDefault, parsed.GetValue(file)), parsed.GetValue(strict), Console.Out)));
        return command;
    }

    private static Command Show(IReadOnlyList<DoorSetting> doors)
    {
        var command = new Command("show", "List each setting, its value and where it comes from; secrets are masked");
        var file = new Argument<string?>("FILE") { Description = "The configuration file (default: --config, MILLRACE_CONFIG, none)", Arity = ArgumentArity.ZeroOrOne };
        command.Add(file);
        var reader = new SettingsReader(command, doors);
        command.SetAction((parsed, _) =>
        {
            foreach (SettingShown setting in reader.Find(parsed, DataDefault, parsed.GetValue(file)).Shown)
            {
                Console.WriteLine($"{setting.Name,-17} {setting.Text ?? "-",-40} {setting.Source}".TrimEnd());
            }

            return Task.FromResult(Exit.Done);
        });
        return command;
    }

    internal static int Tell(SettingsFound found, bool strict, TextWriter to)
    {
        foreach (SettingProblem problem in found.Problems)
        {
            to.WriteLine($"{(problem.IsFatal ? "error" : "warning")}: {problem.Place}: {problem.Cause}");
            to.WriteLine($"  fix: {problem.Fix}");
        }

        int errors = found.Problems.Count(p => p.IsFatal), warnings = found.Problems.Count - errors;
        to.WriteLine(found.Problems.Count == 0 ? "the settings are good" : $"{Number(errors, "error")}, {Number(warnings, "warning")}");
        return errors > 0 ? Exit.Usage : strict && warnings > 0 ? Exit.Failed : Exit.Done;
    }

    private static string Number(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";
}
