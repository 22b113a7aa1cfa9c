// Compiled expressions against the rules of SQL's nulls, laziness and errors.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Expressions;

public class ExprCompilerTests
{
    private static readonly ScalarFunction Add = F("+", (long a, long b) => checked(a + b), SqlType.BigInt);
    private static readonly ScalarFunction Divide = F(
        "/", (long a, long b) => b == 0 ? throw new SqlException("22012", "division by zero") : a / b, SqlType.BigInt);
    private static readonly ScalarFunction Less = F("<", (long a, long b) => a < b, SqlType.Boolean);
    private static readonly ScalarFunction TextEqual = F("=", (ByteSlice a, ByteSlice b) => a.Span.SequenceEqual(b.Span), SqlType.Boolean);
    private static readonly ScalarFunction LongEqual = F("=", (long a, long b) => a == b, SqlType.Boolean);
    private static readonly ScalarFunction Upper = F("upper", UpperBody, SqlType.Text);
    private static readonly ScalarFunction NullIfOdd = F("even", (long a) => a % 2 == 0 ? a : (long?)null, SqlType.BigInt);
    private static readonly ScalarFunction CountNulls = new()
    {
        Name = "num_nulls",
        Parameters = [],
        Strict = false,
        Variadic = true,
        Doc = "",
        Returns = _ => SqlType.Integer,
        Body = (long?[] values) => values.Count(v => v is null),
    };

    private static readonly ColumnExpr A = new(0, SqlType.BigInt);
    private static readonly ColumnExpr B = new(1, SqlType.BigInt);
    private static readonly ColumnExpr T = new(2, SqlType.Text);

    [Fact]
    public void StrictCallsAreNullWhenAnArgumentIs() =>
        Expect(new CallExpr(Add, [A, B], SqlType.BigInt), "11,null,null,44");

    [Fact]
    public void AndStopsAtFalseAndKeepsUnknown() =>
        Expect(new AndExpr([new CallExpr(Less, [A, Long(3)], SqlType.Boolean), new IsNullExpr(B, false)]), "False,True,False,False");

    [Fact]
    public void OrKeepsUnknownUnlessTrue() =>
        Expect(new OrExpr([new CallExpr(Less, [A, Long(2)], SqlType.Boolean), new CallExpr(Less, [B, Long(35)], SqlType.Boolean)]), "True,null,True,False");

    [Fact]
    public void CaseEvaluatesOnlyTheBranchTaken() =>
        Expect(
            new CaseExpr([(new IsNullExpr(B, true), new CallExpr(Divide, [Long(100), B], SqlType.BigInt))], Long(-1), SqlType.BigInt),
            "10,-1,3,2");

    [Fact]
    public void CoalesceTakesTheFirstThatIsNotNull() =>
        Expect(new CoalesceExpr([A, B, Long(0)], SqlType.BigInt), "1,2,30,4");

    [Fact]
    public void InListIsNullWhereAConstantIsNullAndNothingMatches() =>
        Expect(new InListExpr(A, [Long(1), new LiteralExpr(null, SqlType.BigInt)], LongEqual, false), "True,null,null,null");

    [Fact]
    public void DistinctTreatsNullAsAValue() =>
        Expect(new IsDistinctExpr(A, B, LongEqual, false), "True,True,True,True");

    [Fact]
    public void TextFunctionsWriteIntoScratch() =>
        Expect(new CallExpr(Upper, [T], SqlType.Text), "ONE,TWO,null,FOUR");

    [Fact]
    public void TextComparesByBytes() =>
        Expect(new CallExpr(TextEqual, [T, new LiteralExpr(ByteSlice.From("two"), SqlType.Text)], SqlType.Boolean), "False,True,null,False");

    [Fact]
    public void NullableResultsAreNulls() => Expect(new CallExpr(NullIfOdd, [A], SqlType.BigInt), "null,2,null,4");

    [Fact]
    public void VariadicArgumentsComeAsAnArray() =>
        Expect(new CallExpr(CountNulls, [A, B, Long(1)], SqlType.Integer), "0,1,1,0");

    [Fact]
    public void ArraysAndRowsAreBuilt()
    {
        SqlType row = SqlType.RowOf([new Field("x", SqlType.BigInt), new Field("y", SqlType.Text)]);
        Expect(new FieldExpr(new RowExpr([A, T], row), 1, SqlType.Text), "one,two,null,four");
        Column list = Run(new ArrayExpr([A, B], SqlType.ArrayOf(SqlType.BigInt)), EvalErrors.Throw, new EvalContext());
        var lists = (ListColumn)list;
        Assert.Equal([0, 2, 4, 6, 8], lists.Offsets[..5]);
        Assert.True(lists.Elements.IsNull(3));
    }

    [Fact]
    public void AFailingRowBecomesNullInViewsAndIsCounted()
    {
        var context = new EvalContext();
        ScalarExpr failing = new CallExpr(Divide, [Long(6), new CallExpr(Add, [A, Long(-2)], SqlType.BigInt)], SqlType.BigInt);
        Column column = Run(failing, EvalErrors.Null, context);
        Assert.Equal("-6,null,null,3", Text(column));
        Assert.Equal(1, context.Errors);
        Assert.Equal("division by zero", context.LastError);
        Assert.Throws<SqlException>(() => Run(failing, EvalErrors.Throw, new EvalContext()));
    }

    [Fact]
    public void FilterKeepsOnlyTrue()
    {
        CompiledFilter filter = CompiledFilter.Compile(new CallExpr(Less, [B, Long(35)], SqlType.Boolean), Schema.Empty, EvalErrors.Throw);
        int[] selected = new int[4];
        int count = filter.Run(Input(), selected, new EvalContext());
        Assert.Equal([0, 2], selected[..count]);
    }

    private static void Expect(ScalarExpr expr, string expected) => Assert.Equal(expected, Text(Run(expr, EvalErrors.Throw, new EvalContext())));

    private static Column Run(ScalarExpr expr, EvalErrors mode, EvalContext context)
    {
        ColumnBuilder builder = ColumnBuilder.For(expr.Type);
        Batch input = Input();

        // The loop itself: so few rows would be interpreted otherwise.
        LoopCompiler.Project(expr, nulls: true, guarded: mode == EvalErrors.Null)(input.Columns, input.Count, builder, context);
        return builder.ToColumn();
    }

    private static string Text(Column column) =>
        string.Join(',', Enumerable.Range(0, column.Length).Select(i => BoxedValue.Get(column, i)?.ToString() ?? "null"));

    private static Batch Input()
    {
        var builder = new BatchBuilder(new Schema([new Field("a", SqlType.BigInt), new Field("b", SqlType.BigInt), new Field("t", SqlType.Text)]));
        (long? A, long? B, string? T)[] rows = [(1, 10, "one"), (2, null, "two"), (null, 30, null), (4, 40, "four")];
        foreach ((long? a, long? b, string? t) in rows)
        {
            BoxedValue.Append(builder.Columns[0], a);
            BoxedValue.Append(builder.Columns[1], b);
            BoxedValue.Append(builder.Columns[2], t is null ? null : ByteSlice.From(t));
            builder.EndRow();
        }

        return builder.ToBatch();
    }

    private static LiteralExpr Long(long value) => new(value, SqlType.BigInt);

    private static ByteSlice UpperBody(ByteSlice text, EvalContext context)
    {
        Span<byte> to = context.Scratch.Take(text.Length, out ByteSlice slice);
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = (byte)char.ToUpperInvariant((char)text.Span[i]);
        }

        return slice;
    }

    private static ScalarFunction F(string name, Delegate body, SqlType returns) =>
        new() { Name = name, Parameters = [], Doc = "", Returns = _ => returns, Body = body };
}
