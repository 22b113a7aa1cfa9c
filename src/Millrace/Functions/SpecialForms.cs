// What the grammar itself understands and no descriptor can name: the forms of the reference that have a syntax of their own.
namespace Millrace.Engine;

/// <summary>A form with a syntax of its own.</summary>
/// <param name="Form">How it is written, as Markdown.</param>
/// <param name="Doc">One sentence for the reference.</param>
/// <param name="Example">A runnable expression and its result.</param>
internal sealed record SpecialForm(string Form, string Doc, string Example);

/// <summary>The forms.</summary>
internal static class SpecialForms
{
    public static readonly IReadOnlyList<SpecialForm> All =
    [
        new("`a AND b`, `a OR b`, `NOT a`", "Logic with unknowns: NULL AND false is false", "NULL AND false → false"),
        new("`x IS [NOT] NULL`", "True when there is no value", "NULL IS NULL → true"),
        new("`x IS [NOT] TRUE`, `FALSE`, `UNKNOWN`", "Tests of a boolean that never give NULL", "NULL::boolean IS UNKNOWN → true"),
        new("`a IS [NOT] DISTINCT FROM b`", "Comparison in which NULL is a value like others", "1 IS DISTINCT FROM NULL → true"),
        new("`x [NOT] BETWEEN [SYMMETRIC] a AND b`", "At least a and at most b", "2 BETWEEN 1 AND 3 → true"),
        new("`x [NOT] IN (a, …)`", "True when one of them is equal", "2 IN (1, 2) → true"),
        new("`x = ANY (array)`, `x > ALL (array)`", "True when the comparison holds for an element, or for all", "3 > ALL (ARRAY[1, 2]) → true"),
        new("`x [NOT] LIKE pattern`, `ILIKE`", "% stands for any text, _ for a character; ILIKE without regard to case", "'Graz' ILIKE 'gr%' → true"),
        new("`x [NOT] SIMILAR TO pattern`", "SQL's regular expressions: LIKE's marks with |, *, +, () and []", "'abc' SIMILAR TO '%(b|d)%' → true"),
        new("`CASE WHEN a THEN b … ELSE c END`", "The first branch whose condition is true", "CASE WHEN 1 > 2 THEN 'a' ELSE 'b' END → b"),
        new("`CASE x WHEN a THEN b … END`", "The first branch whose value is equal", "CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END → b"),
        new("`coalesce(a, …)`", "The first argument that is not NULL", "coalesce(NULL, 'b', 'c') → b"),
        new("`nullif(a, b)`", "NULL when both are equal, else a", "nullif(3, 3) → NULL"),
        new("`CAST(x AS type)`, `x::type`", "Conversion", "CAST('42' AS integer) → 42"),
        new("`extract(field FROM time)`", "A part of a date, time or interval", "extract(hour FROM TIMESTAMP '2026-01-01 17:30:00') → 17"),
        new("`time AT TIME ZONE zone`", "Local time in a zone, or back", "TIMESTAMPTZ '2026-01-01 12:00:00+00' AT TIME ZONE 'Europe/Vienna' → 2026-01-01 13:00:00"),
        new("`(a, b) OVERLAPS (c, d)`", "True when two spans of time have a moment in common", "(DATE '2026-01-01', DATE '2026-02-01') OVERLAPS (DATE '2026-01-15', DATE '2026-03-01') → true"),
        new("`substring(x FROM a FOR n)`", "n characters from the a-th on", "substring('hello' FROM 2 FOR 3) → ell"),
        new("`position(a IN b)`", "Where a begins in b, from 1; 0 for nowhere", "position('lo' IN 'hello') → 4"),
        new("`overlay(x PLACING y FROM a FOR n)`", "y in the place of n characters", "overlay('Txxxxas' PLACING 'hom' FROM 2 FOR 4) → Thomas"),
        new("`trim(LEADING \\| TRAILING \\| BOTH c FROM x)`", "Without the characters c at its ends", "trim(BOTH 'x' FROM 'xxaxx') → a"),
        new("`ARRAY[a, …]`", "An array of values", "ARRAY[1, 2 + 1] → {1,3}"),
        new("`ROW(a, …)`, `(row).field`", "Several values as one", "ROW(1, 'a') → (1,a)"),
        new("`x[i]`, `x[i:j]`", "An element of an array, from 1, or a part of it", "(ARRAY[4, 5, 6])[2:3] → {5,6}"),
        new("`x COLLATE \"C\"`", "Text is ordered by bytes; other collations are refused", "'a' < 'B' COLLATE \"C\" → false"),
    ];

    /// <summary>True for what the planner puts into plans and nobody writes.</summary>
    public static bool IsInner(string name) => name is "single_value";
}
