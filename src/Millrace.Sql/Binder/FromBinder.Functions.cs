// Functions in FROM that give several columns: the members of an object, the fields of records, several arrays side by side.
using Millrace.Core;

namespace Millrace.Sql;

internal sealed partial class FromBinder
{
    /// <summary>jsonb_each: a row a key, with what stands under it.</summary>
    private static FromItem Each(Syntax.FunctionTable function, ExprBinder binder, PlanBuilder builder)
    {
        string name = function.Call.Name.Last;
        int position = function.Call.Position;
        ScalarExpr json = builder.Place(OneJson(function, binder));
        ScalarExpr keys = builder.Place(binder.Call("jsonb_keys", [json], position));
        PlanNode rows = Unnested(builder, [keys], [new Field("key", SqlType.Text)], function.WithOrdinality);
        int width = builder.Plan.Columns.Count;
        ScalarExpr key = Plans.Column(rows, width);
        ScalarExpr value = binder.Call(name.EndsWith("_text", StringComparison.Ordinal) ? "->>" : "->", [json, key], position);
        rows = Plans.Project(rows, [key, value, .. Plans.Columns(rows, width + 1)], ["key", "value", .. function.WithOrdinality ? ["ordinality"] : Array.Empty<string>()]);
        return OfFunction(rows, function, name, single: false);
    }

    /// <summary>jsonb_to_record(set): the members that the column definitions name, as their types.</summary>
    private static FromItem Records(Syntax.FunctionTable function, ExprBinder binder, PlanBuilder builder)
    {
        string name = function.Call.Name.Last;
        int position = function.Call.Position;
        if (function.ColumnDefs.Count == 0)
        {
            throw new SqlException("42601", "a column definition list is required for functions returning \"record\"", position, $"write {name}(…) AS t(name type, …)");
        }

        if (function.WithOrdinality)
        {
            throw new SqlException("42601", "WITH ORDINALITY cannot be used with a column definition list", position, "number the elements with jsonb_array_elements(…) WITH ORDINALITY");
        }

        ScalarExpr row = builder.Place(OneJson(function, binder));
        PlanNode plan = builder.Plan;
        if (name.EndsWith("set", StringComparison.Ordinal))
        {
            ScalarExpr elements = builder.Place(binder.Call("jsonb_elements", [row], position));
            plan = Unnested(builder, [elements], [new Field("value", SqlType.Jsonb)], false);
            row = Plans.Column(plan, builder.Plan.Columns.Count);
        }

        return OfFunction(Plans.Project(plan, [.. function.ColumnDefs.Select(d => Member(binder, row, d))], [.. function.ColumnDefs.Select(d => d.Name.Text)]), function, name, single: false);
    }

    private static ScalarExpr Member(ExprBinder binder, ScalarExpr row, Syntax.StructField field)
    {
        int position = field.Position;
        SqlType type = TypeNames.Resolve(field.Type);
        var key = new LiteralExpr(ByteSlice.From(field.Name.Text), SqlType.Text);
        if (type.Id is not (TypeId.Jsonb or TypeId.Array))
        {
            return binder.Coercion.Coerce(binder.Call("->>", [row, key], position), type, CastContext.Explicit, position);
        }

        // JSON's null is no value here.
        ScalarExpr member = binder.Call("->", [row, key], position);
        ScalarExpr isNull = binder.Operator("=", [binder.Call("jsonb_typeof", [member], position), new LiteralExpr(ByteSlice.From("null"), SqlType.Text)], position);
        ScalarExpr value = type.Id == TypeId.Jsonb ? member
            : binder.Coercion.Coerce(binder.Call("jsonb_elements_text", [member], position), type, CastContext.Explicit, position);
        return new CaseExpr([(isNull, new LiteralExpr(null, type))], value, type);
    }

    /// <summary>unnest of several arrays: side by side, as far as the longest goes.</summary>
    private static FromItem Together(Syntax.FunctionTable function, ExprBinder binder, PlanBuilder builder)
    {
        ScalarExpr[] arrays = [.. function.Call.Args.Select(binder.BindTyped)];
        if (Array.Find(arrays, a => a.Type.Id != TypeId.Array) is { } other)
        {
            throw new SqlException("42883", $"function unnest({other.Type}) does not exist", function.Call.Position, "unnest takes arrays");
        }

        if (arrays.Any(a => a.Type.Element!.Id == TypeId.Row))
        {
            throw new SqlException("0A000", "unnest of several arrays of rows is not supported", function.Call.Position, "unnest them one by one, WITH ORDINALITY, and join");
        }

        arrays = [.. arrays.Select(builder.Place)];
        PlanNode rows = Unnested(builder, arrays, [.. arrays.Select(a => new Field("unnest", a.Type.Element!))], function.WithOrdinality);
        int width = builder.Plan.Columns.Count;
        return OfFunction(Plans.Pick(rows, Enumerable.Range(width, rows.Columns.Count - width)), function, "unnest", single: false);
    }

    private static TableFunctionPlan Unnested(PlanBuilder builder, ScalarExpr[] arrays, Field[] fields, bool ordinality)
    {
        PlanNode plan = builder.Plan;
        Field[] counted = ordinality ? [new Field("ordinality", SqlType.BigInt, false)] : [];
        return new TableFunctionPlan(plan, "unnest", arrays, ordinality, new Schema([.. plan.Columns.Fields, .. fields, .. counted]));
    }

    private static ScalarExpr OneJson(Syntax.FunctionTable function, ExprBinder binder)
    {
        Syntax.FunctionCall call = function.Call;
        return call.Args.Count == 1 && binder.Coercion.TryCoerce(binder.Bind(call.Args[0]), SqlType.Jsonb, CastContext.Implicit, call.Position) is { } json
            ? json
            : throw new SqlException("42883", $"function {call.Name.Last} takes one jsonb value", call.Position);
    }
}
