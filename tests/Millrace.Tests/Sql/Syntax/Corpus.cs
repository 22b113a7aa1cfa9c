// The corpus: SQL files beside this one, cut into statements by the parser itself.
using System.Runtime.CompilerServices;
using Millrace.Sql.Syntax;

namespace Millrace.Tests.Sql.Syntax;

internal static class Corpus
{
    public static readonly string[] Files = ["nexmark.sql", "risingwave.sql", "postgres.sql"];

    public static string Folder([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "corpus");

    public static IEnumerable<string> Statements()
    {
        foreach (string file in Files)
        {
            string text = File.ReadAllText(Path.Combine(Folder(), file));
            foreach (Statement statement in SqlParser.Parse(text))
            {
                yield return statement.SourceText(text);
            }
        }
    }
}
