// CREATE SUBSCRIPTION and CREATE FUNCTION to text.
namespace Millrace.Sql.Syntax;

public sealed partial class SqlFormatter
{
    private void WriteCreateSubscription(CreateSubscriptionStatement create)
    {
        Add("CREATE SUBSCRIPTION ");
        AddIf(create.IfNotExists, "IF NOT EXISTS ");
        WriteName(create.Name);
        Add(" FROM ");
        WriteName(create.From);
        WriteOptions(" WITH ", create.Options);
    }

    private void WriteCreateFunction(CreateFunctionStatement create)
    {
        Add("CREATE ");
        AddIf(create.OrReplace, "OR REPLACE ");
        Add("FUNCTION ");
        AddIf(create.IfNotExists, "IF NOT EXISTS ");
        WriteName(create.Name);
        Add("(");
        WriteList(create.Parameters, p =>
        {
            if (p.Name is not null)
            {
                WriteName(p.Name);
                Add(" ");
            }
            WriteType(p.Type);
        });
        Add(") RETURNS ");
        WriteType(create.Returns);
        Add(" LANGUAGE sql ");
        AddIf(create.Strict, "STRICT ");
        Add("AS " + QuoteString(create.Body));
    }

    private void WriteLambda(LambdaExpr lambda)
    {
        Add("|");
        WriteName(lambda.Parameter);
        Add("| ");
        WriteExpr(lambda.Body);
    }
}
