// Every function against PostgreSQL 15's own answers: the rows of tests/sql/expressions.txt, bound from SQL, compiled and interpreted.
using Millrace.Core;
using Millrace.Engine;
using Millrace.Sql;
using Millrace.Sql.Syntax;
using Millrace.Tests.Text;
using Xunit;

namespace Millrace.Tests.Functions;

public class ExpressionGoldenTests
{
    private static readonly FunctionCatalog Unfolded = WithoutFolding();

    [Fact]
    public void AnswersAsPostgreSql()
    {
        var wrong = new List<string>();
        int rows = 0;
        foreach (string[] row in Golden.Rows("expressions.txt"))
        {
            rows++;
            string folded = Answer(row[0], FunctionLibrary.Catalog, compiled: true);
            string compiled = Answer(row[0], Unfolded, compiled: true);
            string interpreted = Answer(row[0], Unfolded, compiled: false);
            if (folded != row[1] || compiled != row[1] || interpreted != row[1])
            {
                string all = folded == compiled && compiled == interpreted ? folded : $"folded {folded}, compiled {compiled}, interpreted {interpreted}";
                wrong.Add($"{row[0]}: expected {row[1]}, found {all}");
            }
        }

        Assert.True(rows > 0);
        Assert.True(wrong.Count == 0, $"{wrong.Count} of {rows}\n" + string.Join("\n", wrong));
    }

    [Fact]
    public void ExamplesGiveWhatTheyPromise()
    {
        var wrong = new List<string>();
        foreach (ScalarFunction f in FunctionLibrary.Catalog.Scalars.Where(f => f.Example.Contains('→')))
        {
            string[] parts = f.Example.Split(" → ", 2);
            string found = Answer(parts[0], FunctionLibrary.Catalog, compiled: true);
            found = found switch
            {
                "t" => "true",
                "f" => "false",
                "\\N" => "NULL",
                _ => found,
            };
            if (found != parts[1])
            {
                wrong.Add($"{f.Name}: {f.Example}, found {found}");
            }
        }

        Assert.True(wrong.Count == 0, string.Join("\n", wrong));
    }

    private static FunctionCatalog WithoutFolding()
    {
        var catalog = new FunctionCatalog();
        FunctionList.Register(new FunctionRegistry(catalog));
        return catalog;
    }

    /// <summary>The text of an expression's value, \N for NULL, !SQLSTATE for an error.</summary>
    internal static string Answer(string expression, FunctionCatalog functions, bool compiled)
    {
        try
        {
            var binder = new Millrace.Sql.Binder(new CatalogSnapshot([]), functions, BindOptions.Default);
            var query = (BoundQuery)binder.Bind(SqlParser.Parse("SELECT " + expression).Single());
            ScalarExpr bound = query.Plan switch
            {
                ProjectPlan p => p.Expressions[0],
                ValuesPlan v => v.Rows[0][0],
                _ => throw new InvalidOperationException(query.Plan.GetType().Name),
            };
            var context = new EvalContext();
            if (!compiled)
            {
                return TextFormat.ToText(new Interpreter(context).Evaluate(bound, null, 0), bound.Type) ?? "\\N";
            }

            ColumnBuilder builder = ColumnBuilder.For(bound.Type);
            CompiledExpressions.Compile([bound], Schema.Empty, EvalErrors.Throw).Run(new Batch([], 9), [builder], context);
            return TextFormat.ToText(builder.View(), 0) ?? "\\N";
        }
        catch (SqlException e)
        {
            return "!" + e.SqlState;
        }
        catch (Exception e)
        {
            return e.GetType().Name + " " + e.Message;
        }
    }
}
