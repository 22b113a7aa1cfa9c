// Random expression trees, to be printed and parsed back: they find every pair of operators whose parentheses are wrong.
using Millrace.Sql.Syntax;

namespace Millrace.Tests.Sql.Syntax;

internal sealed class ExprGenerator(Random random)
{
    private static readonly string[] Operators =
        ["=", "<>", "<", ">=", "+", "-", "*", "/", "%", "^", "||", "->", "->>", "@>", "?", "~", "!~*", "<<", "&", "|", "#", "&&"];

    private static readonly string[] Prefixes = ["-", "+", "~", "@", "|/", "!!"];

    private static readonly string[] Names =
        ["a", "b", "select", "Mixed Case", "time", "left", "of", "current", "session", "cube", "values"];

    public Expr Next(int depth)
    {
        if (depth <= 0)
        {
            return Leaf();
        }
        Expr Sub() => Next(depth - random.Next(1, 3));
        bool flag = random.Next(2) == 0;
        switch (random.Next(24))
        {
            case 0 or 1 or 2 or 3: return new BinaryExpr(Operators[random.Next(Operators.Length)], Sub(), Sub());
            case 4: return new UnaryExpr(Prefixes[random.Next(Prefixes.Length)], Sub());
            case 5: return new LogicalExpr((LogicalOperator)random.Next(2), flag ? [Sub(), Sub(), Sub()] : [Sub(), Sub()]);
            case 6: return new NotExpr(Sub());
            case 7: return new IsExpr(Sub(), (IsTest)random.Next(4), flag);
            case 8: return new IsDistinctExpr(Sub(), Sub(), flag);
            case 9: return new BetweenExpr(Sub(), Sub(), Sub(), flag, random.Next(4) == 0);
            case 10: return new LikeExpr((LikeKind)random.Next(3), Sub(), Sub(), flag ? Sub() : null, random.Next(2) == 0);
            case 11: return new InListExpr(Sub(), [NotSubquery(Sub()), Sub()], flag);
            case 12: return new InSubqueryExpr(Sub(), Subquery(depth), flag);
            case 13:
                string op = flag ? "=" : random.Next(2) == 0 ? "||" : "NOT LIKE";
                return new QuantifiedArrayExpr(Sub(), op, Quantifier.Any, NotSubquery(Sub()));
            case 14: return new CaseExpr(flag ? Sub() : null, [new WhenClause(Sub(), Sub())], random.Next(2) == 0 ? Sub() : null);
            case 15: return new CastExpr(Sub(), SqlParser.ParseType(flag ? "int[]" : "timestamp(3) with time zone"));
            case 16: return new AtTimeZoneExpr(Sub(), Sub());
            case 17: return new CollateExpr(Sub(), new ObjectName([new Name("C")]));
            case 18: return new RowExpr(flag ? [Sub(), Sub()] : [Sub()]);
            case 19: return new ArrayExpr([Sub(), Sub()]);
            case 20: return new IndexExpr(Sub(), Sub());
            case 21: return new FieldExpr(Sub(), new Name(Names[random.Next(Names.Length)]));
            case 22: return Call(depth);
            default: return flag ? new ScalarSubqueryExpr(Subquery(depth)) : new SliceExpr(Sub(), Sub(), null);
        }
    }

    private FunctionCall Call(int depth)
    {
        string name = random.Next(3) == 0 ? Names[random.Next(Names.Length)] : random.Next(2) == 0 ? "coalesce" : "substring";
        return new FunctionCall(new ObjectName([new Name(name)]), [Next(depth - 1), Next(depth - 2)])
        {
            Distinct = random.Next(4) == 0,
            Filter = random.Next(4) == 0 ? Next(depth - 1) : null,
            OrderBy = random.Next(4) == 0 ? [new OrderItem(Next(depth - 1), random.Next(2) == 0, null)] : [],
            Over = random.Next(4) == 0 ? new WindowSpec(new Name("rows"), [Next(depth - 1)], [], Frame(depth)) : null,
        };
    }

    private WindowFrame Frame(int depth) => new(
        FrameUnit.Rows,
        new FrameBound(FrameBoundKind.Preceding, Next(depth - 1)),
        new FrameBound(FrameBoundKind.CurrentRow, null),
        FrameExclusion.Ties);

    private Query Subquery(int depth)
    {
        QueryBody Select() => new SelectBody([new SelectItem(Next(depth - 2), null)], [])
        {
            Where = random.Next(2) == 0 ? Next(depth - 2) : null,
        };
        QueryBody Body(int levels)
        {
            if (levels == 0 || random.Next(2) == 0)
            {
                return Select();
            }
            return random.Next(4) == 0
                ? new NestedQueryBody(new Query(null, Body(levels - 1)) { Limit = new NumberLiteral("1") })
                : new SetOperationBody((SetOperator)random.Next(3), random.Next(2) == 0, Body(levels - 1), Body(levels - 1));
        }
        QueryBody body = Body(2);
        bool tail = body is NestedQueryBody || random.Next(3) == 0;
        return new Query(null, body) { OrderBy = tail ? [new OrderItem(Next(0), true, false)] : [] };
    }

    // IN ((SELECT 1)) and ANY ((SELECT 1)) are the subquery forms.
    private static Expr NotSubquery(Expr expr) => expr is ScalarSubqueryExpr ? new NullLiteral() : expr;

    private Expr Leaf()
    {
        switch (random.Next(10))
        {
            case 0: return new NumberLiteral(random.Next(100).ToString(System.Globalization.CultureInfo.InvariantCulture));
            case 1: return new StringLiteral("it's");
            case 2: return new NullLiteral();
            case 3: return new BooleanLiteral(true);
            case 4: return new ParameterExpr(1 + random.Next(3));
            case 5: return new IntervalLiteral("1", "day to second", 3);
            case 6: return new TypedLiteral(SqlParser.ParseType("double precision"), "1");
            case 7: return new FunctionCall(new ObjectName([new Name("current_timestamp")]), []);
            default: return new ColumnRef(random.Next(3) == 0 ? [new Name("t"), Column()] : [Column()]);
        }
        Name Column() => new(Names[random.Next(Names.Length)]);
    }
}
