// Hostile and random text: only SqlException may come out, with a position inside the text; what does parse survives printing.
using System.Text;
using Millrace.Core;
using Millrace.Sql.Syntax;
using Xunit;

namespace Millrace.Tests.Sql.Syntax;

public class FuzzTests
{
    private static readonly string[] Corpora = [.. Corpus.Statements()];

    private static void Feed(string text)
    {
        IReadOnlyList<Statement> statements;
        try
        {
            statements = SqlParser.Parse(text);
        }
        catch (SqlException e)
        {
            Assert.InRange(e.Position, 0, text.Length);
            Assert.Equal(5, e.SqlState.Length);
            return;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"{e.GetType().Name} for: {text}", e);
        }
        foreach (Statement statement in statements)
        {
            Assert.InRange(statement.Position, 0, text.Length);
            Assert.InRange(statement.End, statement.Position, text.Length);
            string printed = SqlFormatter.Format(statement);
            try
            {
                Statement again = Assert.Single(SqlParser.Parse(printed));
                Assert.True(statement.Equals(again), $"{text}\n-> {printed}\n-> {SqlFormatter.Format(again)}");
            }
            catch (SqlException e)
            {
                Assert.Fail($"{e.Message} at {e.Position}\n   {text}\n-> {printed}");
            }
        }
    }

    [Fact]
    public void RandomCharacters()
    {
        var random = new Random(1);
        const string Alphabet = "abcxyzESU_019 .,;:()[]'\"$\\@#%^&*-+=<>?/|!~`\n\t\0\u00e9\u2019\ud83d\uffff";
        for (int i = 0; i < 8_000; i++)
        {
            var text = new StringBuilder();
            int length = random.Next(60);
            for (int j = 0; j < length; j++)
            {
                text.Append(random.Next(20) == 0 ? (char)random.Next(65536) : Alphabet[random.Next(Alphabet.Length)]);
            }
            Feed(text.ToString());
        }
    }

    [Fact]
    public void TokenSoup()
    {
        var random = new Random(2);
        string[] words = [.. Corpora.SelectMany(Pieces).Distinct()];
        for (int i = 0; i < 8_000; i++)
        {
            var text = new StringBuilder(random.Next(3) == 0 ? "SELECT " : "");
            int length = random.Next(25);
            for (int j = 0; j < length; j++)
            {
                text.Append(words[random.Next(words.Length)]).Append(' ');
            }
            Feed(text.ToString());
        }
    }

    [Fact]
    public void MutatedCorpus()
    {
        var random = new Random(3);
        string[] words = [.. Corpora.SelectMany(Pieces).Distinct()];
        for (int i = 0; i < 12_000; i++)
        {
            var pieces = Pieces(Corpora[random.Next(Corpora.Length)]).ToList();
            for (int edits = random.Next(1, 4); edits > 0 && pieces.Count > 0; edits--)
            {
                int at = random.Next(pieces.Count);
                switch (random.Next(5))
                {
                    case 0: pieces.RemoveAt(at); break;
                    case 1: pieces.Insert(at, words[random.Next(words.Length)]); break;
                    case 2: pieces[at] = words[random.Next(words.Length)]; break;
                    case 3: (pieces[at], pieces[^1]) = (pieces[^1], pieces[at]); break;
                    default:
                        string piece = pieces[at];
                        pieces[at] = piece[..random.Next(piece.Length + 1)];
                        break;
                }
            }
            Feed(string.Join(' ', pieces));
        }
    }

    private static IEnumerable<string> Pieces(string sql) =>
        Lexer.Tokenize(sql).Where(t => t.End > t.Start).Select(t => sql[t.Start..t.End]);
}
