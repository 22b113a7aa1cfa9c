// The words that are more than names, in PostgreSQL's classes (its appendix C); every other word is free.
namespace Millrace.Sql.Syntax;

/// <summary>The table of keywords.</summary>
internal static class Keywords
{
    /// <summary>The longest word in the table, in characters.</summary>
    public const int LengthMax = 24;

    private const string Reserved = """
        all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create current_catalog
        current_date current_role current_time current_timestamp current_user default deferrable desc distinct do else end except false
        fetch for foreign from grant group having in initially intersect into lateral leading limit localtime localtimestamp not null
        offset on only or order placing primary references returning select session_user some symmetric system_user table then to
        trailing true union unique user using variadic when where window with
        """;

    private const string TypeOrFunction = """
        authorization binary collation concurrently cross current_schema freeze full ilike inner is isnull join left like natural
        notnull outer overlaps right similar tablesample verbose
        """;

    private const string ColumnName = """
        between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout int integer interval
        least national nchar none normalize nullif numeric out overlay position precision real row setof smallint substring time
        timestamp treat trim values varchar
        """;

    // Words that are a label only behind AS, whatever their class: a bare one would be taken for the next clause or a type's tail.
    private const string NeedsAs = """
        array as char character create day except fetch filter for from grant group having hour intersect into isnull limit minute month
        notnull offset on order over overlaps precision returning second to union varying where window with within without year
        """;

    // Free words that the grammar asks for often.
    private const string Frequent = """
        add alter append asof begin by cascade close commit conflict copy cumulate delete descriptor drop emit exists explain first
        flush hop if index insert key last lateral materialized next nothing nulls over partition proctime range recursive rename
        replace rollback row rows session set show source stream subscribe system_time tumble update view watermark zone text name value
        """;

    // Names that nearly every text has: in the table only so that lexing them allocates nothing.
    private const string Names = "count sum min max avg date timestamptz id ts";

    private static readonly Dictionary<string, Entry> Table = Build();

    private static readonly Dictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> BySpan =
        Table.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>What the table says of a word.</summary>
    /// <param name="Text">The word, one shared string.</param>
    /// <param name="Class">Its class.</param>
    /// <param name="NeedsAs">It is a label only behind AS.</param>
    public sealed record Entry(string Text, WordClass Class, bool NeedsAs);

    /// <summary>Every word that the grammar knows, with the letter of PostgreSQL's class.</summary>
    public static IEnumerable<(string Word, char Category, bool NeedsAs)> All => Table.Values
        .Where(e => !Words(Names).Contains(e.Text))
        .Select(e => (e.Text, e.Class switch { WordClass.Reserved => 'R', WordClass.TypeOrFunction => 'T', WordClass.ColumnName => 'C', _ => 'U' }, e.NeedsAs));

    /// <summary>Looks up a word in lower case; null when it is just a name.</summary>
    public static Entry? Find(ReadOnlySpan<char> word) => BySpan.TryGetValue(word, out Entry? entry) ? entry : null;

    private static Dictionary<string, Entry> Build()
    {
        var table = new Dictionary<string, Entry>();
        var needsAs = Words(NeedsAs).ToHashSet();
        void Add(string words, WordClass wordClass)
        {
            foreach (string word in Words(words))
            {
                table.TryAdd(word, new Entry(word, wordClass, needsAs.Contains(word)));
            }
        }
        Add(Reserved, WordClass.Reserved);
        Add(TypeOrFunction, WordClass.TypeOrFunction);
        Add(ColumnName, WordClass.ColumnName);
        Add(NeedsAs, WordClass.Free);
        Add(Frequent, WordClass.Free);
        Add(Names, WordClass.Free);
        return table;
    }

    private static string[] Words(string text) =>
        text.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
