// Evaluates expressions without columns, for the binder.
using Millrace.Core;
using Millrace.Sql;

namespace Millrace.Engine;

/// <summary>Constant folding.</summary>
internal static class ConstantFolder
{
    /// <summary>The value of an expression without columns and parameters, as a literal of its type.</summary>
    /// <exception cref="SqlException">The evaluation fails, as in 1 / 0.</exception>
    public static LiteralExpr Evaluate(ScalarExpr expression) => Evaluate(expression, new EvalContext());

    /// <summary>The same in given surroundings.</summary>
    public static LiteralExpr Evaluate(ScalarExpr expression, EvalContext context)
    {
        object? value = new Interpreter(context).Evaluate(expression, null, 0);
        return new LiteralExpr(Interpreter.Detach(value, expression.Type), expression.Type);
    }
}
