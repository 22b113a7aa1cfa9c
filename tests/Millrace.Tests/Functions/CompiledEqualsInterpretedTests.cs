// Every function over random columns with nulls: the compiled loop gives what walking the tree row by row gives.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Xunit;

namespace Millrace.Tests.Functions;

public class CompiledEqualsInterpretedTests
{
    private const int Rows = 40;

    private static readonly string[] s_texts =
    [
        "", "a", "abc", "Héllo wörld", "2024-02-29 13:45:06", "12", "-7.50", "1 day 02:00:00", "{\"a\": 1, \"b\": [1, 2]}", "%b%", "hour", "a,b,c",
        "YYYY-MM-DD", "999.9", "UTC", "hex", "true", "{1,2}", "x'y\"z\\",
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void EveryFunction(int seed)
    {
        var random = new Random(seed);
        var wrong = new List<string>();
        foreach (ScalarFunction f in FunctionLibrary.Catalog.Scalars.Concat(FunctionLibrary.Catalog.Casts.Select(c => c.Function)))
        {
            if (f.Volatility == Volatility.Volatile || f.Parameters.Any(p => p.Type is { Id: TypeId.Row or TypeId.Unknown }))
            {
                continue;
            }

            SqlType element = random.Next(2) == 0 ? SqlType.Integer : SqlType.Text;
            SqlType[] types = [.. f.Parameters.Select(p => p.Type ?? (p.Family == Polymorphic.AnyArray ? SqlType.ArrayOf(element) : element))];
            if (f.Variadic)
            {
                types = [.. types, types[^1]];
            }

            Column[] columns = [.. types.Select(t => RandomColumn(t, random, nulls: random.Next(3) > 0))];
            var batch = new Batch(columns, Rows);
            SqlType result = f.Returns(types);
            ScalarExpr[] arguments = [.. types.Select((t, i) => random.Next(4) == 0 && columns.Length > 1
                ? (ScalarExpr)new LiteralExpr(Interpreter.Detach(BoxedValue.Get(columns[i], 0), t), t)
                : new ColumnExpr(i, t))];
            Compare(new CallExpr(f, arguments, result), batch, $"{f.Name}({string.Join(", ", types.Select(t => t.ToString()))})", wrong);
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    [Fact]
    public void NestedConditions()
    {
        var random = new Random(3);
        var wrong = new List<string>();
        FunctionCatalog functions = FunctionLibrary.Catalog;
        ScalarFunction F(string name, SqlType type) => functions.FindScalars(name).First(f =>
            f.Parameters.Count == 2 && f.Parameters.All(p => p.Type is { } t && t.SameAs(type)));
        for (int round = 0; round < 60; round++)
        {
            Column[] columns = [.. Enumerable.Range(0, 3).Select(_ => RandomColumn(SqlType.BigInt, random, random.Next(3) > 0))];
            ScalarExpr Number(int depth) => depth == 0 || random.Next(4) == 0
                ? random.Next(4) == 0 ? new LiteralExpr(random.Next(3) == 0 ? null : (object)(long)random.Next(5), SqlType.BigInt)
                    : new ColumnExpr(random.Next(3), SqlType.BigInt)
                : random.Next(4) switch
                {
                    0 => new CoalesceExpr([Number(depth - 1), Number(depth - 1)], SqlType.BigInt),
                    1 => new CaseExpr([(Condition(depth - 1), Number(depth - 1))], Number(depth - 1), SqlType.BigInt),
                    _ => new CallExpr(F(random.Next(3) switch { 0 => "+", 1 => "/", _ => "*" }, SqlType.BigInt), [Number(depth - 1), Number(depth - 1)],
                        SqlType.BigInt),
                };
            ScalarExpr Condition(int depth) => depth == 0
                ? new IsNullExpr(Number(0), random.Next(2) == 0)
                : random.Next(6) switch
                {
                    0 => new AndExpr([Condition(depth - 1), Condition(depth - 1)]),
                    1 => new OrExpr([Condition(depth - 1), Condition(depth - 1), Condition(depth - 1)]),
                    2 => new NotExpr(Condition(depth - 1)),
                    3 => new InListExpr(Number(depth - 1), [new LiteralExpr(1L, SqlType.BigInt), new LiteralExpr(random.Next(2) == 0 ? null : 3L, SqlType.BigInt)],
                        F("=", SqlType.BigInt), random.Next(2) == 0),
                    4 => new IsDistinctExpr(Number(depth - 1), Number(depth - 1), F("=", SqlType.BigInt), random.Next(2) == 0),
                    _ => new CallExpr(F("<", SqlType.BigInt), [Number(depth - 1), Number(depth - 1)], SqlType.Boolean),
                };
            Compare(random.Next(2) == 0 ? Number(4) : Condition(4), new Batch(columns, Rows), $"round {round}", wrong);
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    private static void Compare(ScalarExpr expr, Batch batch, string name, List<string> wrong)
    {
        string?[] compiled;
        try
        {
            var context = new EvalContext { NowMicros = 1_700_000_000_000_000 };
            ColumnBuilder builder = ColumnBuilder.For(expr.Type);
            CompiledExpressions.Compile([expr], Schema.Empty, EvalErrors.Null).Run(batch, [builder], context);
            Column column = builder.View();
            compiled = [.. Enumerable.Range(0, Rows).Select(i => TextFormat.ToText(column, i))];
            if (expr.Type.Id == TypeId.Boolean)
            {
                int[] selected = new int[Rows];
                int count = CompiledFilter.Compile(expr, Schema.Empty, EvalErrors.Null).Run(batch, selected, context);
                Assert.Equal(Enumerable.Range(0, Rows).Where(i => compiled[i] == "t"), selected[..count]);
            }
        }
        catch (Exception e)
        {
            wrong.Add($"{name}: {e.GetType().Name} {e.Message}");
            return;
        }

        for (int i = 0; i < Rows; i++)
        {
            string? expected;
            try
            {
                var context = new EvalContext { NowMicros = 1_700_000_000_000_000 };
                expected = TextFormat.ToText(new Interpreter(context).Evaluate(expr, batch, i), expr.Type);
            }
            catch (SqlException)
            {
                expected = null;
            }

            if (expected != compiled[i])
            {
                wrong.Add($"{name} row {i}: interpreted {expected ?? "NULL"}, compiled {compiled[i] ?? "NULL"}");
                return;
            }
        }
    }

    private static Column RandomColumn(SqlType type, Random random, bool nulls)
    {
        ColumnBuilder builder = ColumnBuilder.For(type);
        for (int i = 0; i < Rows; i++)
        {
            BoxedValue.Append(builder, nulls && random.Next(4) == 0 ? null : RandomValue(type, random));
        }

        return builder.ToColumn();
    }

    private static object RandomValue(SqlType type, Random random)
    {
        switch (type.Id)
        {
            case TypeId.Boolean:
                return random.Next(2) == 0;
            case TypeId.SmallInt:
                return (short)random.Next(-5, 20);
            case TypeId.Integer:
                return random.Next(-5, 20);
            case TypeId.Date:
                return random.Next(-1000, 30_000);
            case TypeId.BigInt:
                return random.Next(10) == 0 ? random.NextInt64() : random.Next(-3, 6);
            case TypeId.Time:
                return random.NextInt64(Calendar.DayMicros);
            case TypeId.Timestamp or TypeId.TimestampTz:
                return random.NextInt64(-1_000_000_000_000, 2_000_000_000_000_000);
            case TypeId.Real:
                return (float)random.Next(-100, 100) / 8;
            case TypeId.Double:
                return random.Next(20) == 0 ? double.NaN : random.Next(-100, 100) / 8.0;
            case TypeId.Numeric:
                return Numeric.Create(random.Next(-100_000, 100_000), random.Next(4));
            case TypeId.Interval:
                return new Interval(random.Next(-3, 15), random.Next(-3, 40), random.NextInt64(-Calendar.DayMicros, Calendar.DayMicros));
            case TypeId.Uuid:
                return new Uuid((ulong)random.NextInt64(), (ulong)random.NextInt64());
            case TypeId.Jsonb:
                string[] jsons = ["1", "\"a\"", "null", "true", "[1, \"a\", null]", "{\"a\": 1, \"b\": {\"c\": [1, 2]}}", "{}", "[]", "-2.50"];
                return ByteSlice.From(jsons[random.Next(jsons.Length)]);
            case TypeId.Array:
                ColumnBuilder elements = ColumnBuilder.For(type.Element!);
                for (int i = random.Next(4); i > 0; i--)
                {
                    BoxedValue.Append(elements, random.Next(5) == 0 ? null : RandomValue(type.Element!, random));
                }

                return new ListSlice(elements.ToColumn(), 0, elements.Count);
            default:
                return ByteSlice.From(s_texts[random.Next(s_texts.Length)]);
        }
    }
}
