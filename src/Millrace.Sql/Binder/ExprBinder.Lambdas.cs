// Functions of one parameter as arguments: array_transform(a, |x| x + 1).
using Millrace.Core;

namespace Millrace.Sql;

internal sealed partial class ExprBinder
{
    // array_transform(a, |x| f(x)): the array of f of each element, as the subquery over the elements in their order that it stands for.
    private ScalarExpr Transformed(Syntax.Expr array, Syntax.LambdaExpr lambda, int position)
    {
        var order = new Syntax.Name("element number") { Position = position };
        var unnest = new Syntax.FunctionCall(new Syntax.ObjectName([new Syntax.Name("unnest")]) { Position = position }, [array]) { Position = position };
        var elements = new Syntax.FunctionTable(unnest, false, true, [])
        {
            Position = position,
            Alias = new Syntax.TableAlias(new Syntax.Name("elements"), [lambda.Parameter, order]),
        };
        var query = new Syntax.Query(null, new Syntax.SelectBody([new Syntax.SelectItem(lambda.Body, null)], [elements]) { Position = position })
        {
            Position = position,
            OrderBy = [new Syntax.OrderItem(new Syntax.ColumnRef([order]) { Position = position }, false, null)],
        };
        if (Bind(array).Type.Element is { Id: TypeId.Row })
        {
            throw new SqlException("0A000", "array_transform over an array of rows is not supported", position, "unnest it in FROM, and gather what becomes of each with array_agg");
        }

        ScalarExpr all = Bind(new Syntax.ArraySubqueryExpr(query) { Position = position });
        return new CaseExpr([(new IsNullExpr(Bind(array), true), all)], new LiteralExpr(null, all.Type), all.Type);
    }
}
